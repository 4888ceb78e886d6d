import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { required } from '../../options.ts';

export const command = defineCommand({
  summary: 'End an API token at once',
  args: { id: required('Its id, as `wheelhouse token list` shows it') },
  options: { server: serverOption },
  examples: ['wheelhouse token revoke 0a1b2c3d4e5f6071'],
  async run({ args: { id }, options }) {
    const { operations } = await import('#accounts/contract');
    await (await currentClient(options.server)).call(operations.revokeToken, { params: { id } });
    process.stderr.write(`revoked ${id}\n`);
    return 0;
  },
});
