import { parts, settingsOf } from '../../../parts.ts';
import { defineCommand } from '../../command.ts';
import { jsonOption } from '../../options.ts';

export const command = defineCommand({
  summary: 'Print the settings as the server would use them',
  settings: ['serverdir'],
  options: { json: jsonOption },
  examples: ['wheelhouse config show', 'wheelhouse config show --config wheelhouse.yml --json'],
  async run({ options, config }) {
    const values: Readonly<Record<string, unknown>> = config();
    const shown = settingsOf(parts).map(({ name }) => [name, values[name]] as const);
    if (options.json) process.stdout.write(`${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`);
    else for (const [name, value] of shown) process.stdout.write(`${name}: ${JSON.stringify(value) ?? ''}\n`);
    return 0;
  },
});
