import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { flag, text } from '../../options.ts';

export const command = defineCommand({
  summary: 'List API tokens, without their secrets',
  options: {
    user: text('user', 'Those of another user; root only.'),
    server: serverOption,
    json: flag('Print JSON.'),
  },
  examples: ['wheelhouse token list', 'wheelhouse token list --user alice --json'],
  async run({ options: { user, server, json } }) {
    const { operations } = await import('#accounts/contract');
    const { result } = await (await currentClient(server)).call(operations.listTokens, { query: { user } });
    if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    for (const token of json ? [] : result) {
      const places = token.on === undefined ? '' : ` on ${token.on.join(', ')}`;
      const end = token.revoked === undefined ? `until ${token.expires}` : `revoked ${token.revoked}`;
      process.stdout.write(`${token.id}  ${token.name}: ${token.scopes.join(', ')}${places}, ${end}\n`);
    }
    return 0;
  },
});
