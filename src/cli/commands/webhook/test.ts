import { operations } from '#packages/contract';
import { defineCommand } from '../../command.ts';
import { flag, required } from '../../options.ts';
import { scopeOptions, webhookScope } from '../../webhook-scope.ts';

export const command = defineCommand({
  summary: 'Send a webhook something now, and enable it if that is taken',
  args: { id: required('Its id, as `wheelhouse webhook list` shows it') },
  options: { ...scopeOptions, json: flag('Print JSON.') },
  examples: ['wheelhouse webhook test 0a1b2c3d4e5f6071 --index alice/dev'],
  async run({ args: { id }, options: { json, ...scope } }) {
    const { printJson } = await import('../../print-json.ts');
    const { client, params } = await webhookScope(scope);
    const { result } = await (params === undefined
      ? client.call(operations.testServerWebhook, { params: { id } })
      : client.call(operations.testWebhook, { params: { ...params, id } }));
    const isTaken = result.state === 'delivered';
    if (json) printJson(result);
    else if (isTaken) process.stderr.write(`taken: ${result.status} after ${result.ms} ms\n`);
    else process.stderr.write(`not taken: ${result.error}\n`);
    return isTaken ? 0 : 1;
  },
});
