import { operations } from '#packages/contract';
import { defineCommand } from '../../command.ts';
import { dryRunOption, flag, required } from '../../options.ts';
import { scopeOptions, webhookScope } from '../../webhook-scope.ts';

export const command = defineCommand({
  summary: 'Remove a webhook with its deliveries',
  args: { id: required('Its id, as `wheelhouse webhook list` shows it') },
  options: {
    ...scopeOptions,
    yes: { ...flag('Answer yes to the question before it is removed.'), short: 'y' },
    dryRun: dryRunOption,
  },
  examples: ['wheelhouse webhook remove 0a1b2c3d4e5f6071 --index alice/dev'],
  async run({ args: { id }, options: { yes, dryRun, ...scope } }) {
    const { confirm } = await import('../../confirm.ts');
    const { client, params } = await webhookScope(scope);
    process.stdout.write(`About to remove: ${id}\n`);
    if (dryRun || !(await confirm('Are you sure', { yes }))) return 0;
    await (params === undefined
      ? client.call(operations.removeServerWebhook, { params: { id } })
      : client.call(operations.removeWebhook, { params: { ...params, id } }));
    process.stderr.write(`removed ${id}\n`);
    return 0;
  },
});
