import { operations } from '#packages/contract';
import { defineCommand } from '../../command.ts';
import { flag, required } from '../../options.ts';
import { scopeOptions, webhookScope } from '../../webhook-scope.ts';

export const command = defineCommand({
  summary: 'Show a webhook with its last deliveries and what came of them',
  args: { id: required('Its id, as `wheelhouse webhook list` shows it') },
  options: { ...scopeOptions, json: flag('Print JSON.') },
  examples: ['wheelhouse webhook show 0a1b2c3d4e5f6071 --index alice/dev'],
  async run({ args: { id }, options: { json, ...scope } }) {
    const { printTable } = await import('../../table.ts');
    const { printJson } = await import('../../print-json.ts');
    const { client, params } = await webhookScope(scope);
    const { result } = await (params === undefined
      ? client.call(operations.readServerWebhook, { params: { id } })
      : client.call(operations.readWebhook, { params: { ...params, id } }));
    if (json) {
      printJson(result);
      return 0;
    }
    const { url, events, health, disabled, deliveries } = result;
    const why = disabled === undefined ? '' : `: ${disabled}`;
    process.stderr.write(
      `${url}\n${events.length === 0 ? 'all events' : events.join(', ')}\n${health}${why}\n`,
    );
    const columns = [
      { title: 'TIME', isWhole: true },
      { title: 'EVENT' },
      { title: 'STATE', isWhole: true },
      { title: 'ATTEMPTS', isWhole: true },
      { title: 'RESULT' },
    ];
    const rows = deliveries.map(({ created, type, state, attempts, status, error, next }) => [
      created,
      type,
      state,
      String(attempts),
      `${error ?? (status === undefined ? '' : String(status))}${next === undefined || attempts === 0 ? '' : `; next ${next}`}`,
    ]);
    printTable(columns, rows);
    return 0;
  },
});
