import { operations } from '#packages/contract';
import { defineCommand } from '../../command.ts';
import { flag } from '../../options.ts';
import { scopeOptions, webhookScope } from '../../webhook-scope.ts';

export const command = defineCommand({
  summary: 'List webhooks, without their secrets',
  options: { ...scopeOptions, json: flag('Print JSON.') },
  examples: ['wheelhouse webhook list --index alice/dev', 'wheelhouse webhook list --server-wide --json'],
  async run({ options: { json, ...scope } }) {
    const { printTable } = await import('../../table.ts');
    const { printJson } = await import('../../print-json.ts');
    const { client, params } = await webhookScope(scope);
    const { result } = await (params === undefined
      ? client.call(operations.listServerWebhooks, {})
      : client.call(operations.listWebhooks, { params }));
    if (json) printJson(result);
    else {
      const columns = [
        { title: 'ID', isWhole: true },
        { title: 'STATE', isWhole: true },
        { title: 'EVENTS' },
        { title: 'URL' },
      ];
      const rows = result.map(({ id, health, events, url }) => [
        id,
        health,
        events.length === 0 ? 'all' : events.join(', '),
        url,
      ]);
      printTable(columns, rows);
    }
    return 0;
  },
});
