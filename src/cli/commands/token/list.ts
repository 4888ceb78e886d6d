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
    const { printTable } = await import('../../table.ts');
    const { printJson } = await import('../../print-json.ts');
    const { result } = await (await currentClient(server)).call(operations.listTokens, { query: { user } });
    if (json) printJson(result);
    else {
      const columns = [
        { title: 'ID', isWhole: true },
        { title: 'NAME' },
        { title: 'SCOPES' },
        { title: 'INDEXES' },
        { title: 'STATE', isWhole: true },
      ];
      const rows = result.map(({ id, name, scopes, on, expires, revoked }) => [
        id,
        name,
        scopes.join(', '),
        on?.join(', ') ?? 'all',
        revoked === undefined ? `until ${expires}` : `revoked ${revoked}`,
      ]);
      printTable(columns, rows);
    }
    return 0;
  },
});
