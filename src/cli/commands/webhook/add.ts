import { operations } from '#packages/contract';
import { defineCommand } from '../../command.ts';
import { dryRunOption, flag, required, texts } from '../../options.ts';
import { scopeOptions, webhookScope } from '../../webhook-scope.ts';

export const command = defineCommand({
  summary: 'Have an address told what happens on an index; its secret is shown this once',
  args: { url: required('Where to POST to') },
  options: {
    ...scopeOptions,
    event: texts('type', 'Only events of this type, such as packages.file-uploaded'),
    dryRun: dryRunOption,
    json: flag('Print what was added as JSON.'),
  },
  examples: [
    'wheelhouse webhook add https://ci.example.org/hook --index alice/dev --event packages.file-uploaded',
    "wheelhouse webhook add https://ci.example.org/hook --server-wide --event 'packages.*'",
  ],
  async run({ args: { url }, options: { event, dryRun, json, ...scope } }) {
    const { client, params } = await webhookScope(scope);
    if (dryRun) {
      process.stderr.write(`would add a webhook: ${url}\n`);
      return 0;
    }
    const body = { url, events: [...event] };
    const { result } = await (params === undefined
      ? client.call(operations.addServerWebhook, { body })
      : client.call(operations.addWebhook, { params, body }));
    if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else {
      process.stdout.write(`${result.secret}\n`);
      process.stderr.write(`added webhook ${result.id}; what it is sent is signed with this secret\n`);
    }
    return 0;
  },
});
