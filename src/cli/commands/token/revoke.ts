import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { flag, required } from '../../options.ts';

export const command = defineCommand({
  summary: 'End an API token at once',
  args: { id: required('Its id, as `wheelhouse token list` shows it') },
  options: {
    server: serverOption,
    yes: { ...flag('Answer yes to the question before it is ended.'), short: 'y' },
    dryRun: flag('Say what would be done, and do nothing.'),
  },
  examples: ['wheelhouse token revoke 0a1b2c3d4e5f6071'],
  async run({ args: { id }, options: { server, yes, dryRun } }) {
    const { operations } = await import('#accounts/contract');
    const { confirm } = await import('../../confirm.ts');
    const client = await currentClient(server);
    process.stdout.write(`About to revoke: ${id}\n`);
    if (dryRun || !(await confirm('Are you sure', { yes }))) return 0;
    await client.call(operations.revokeToken, { params: { id } });
    process.stderr.write(`revoked ${id}\n`);
    return 0;
  },
});
