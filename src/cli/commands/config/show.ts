import { parts, settingsOf } from '../../../parts.ts';
import type { Command } from '../../command.ts';
import { configOf, configOption } from '../../settings-input.ts';

export const command: Command = {
  summary: 'Print the settings as the server would use them',
  settings: ['serverdir'],
  options: [configOption, { flags: '--json', summary: 'Print JSON.' }],
  examples: ['wheelhouse config show', 'wheelhouse config show --config wheelhouse.yml --json'],
  async run(input) {
    const config = configOf(input) as Readonly<Record<string, unknown>>;
    const shown = settingsOf(parts).map(({ name }) => [name, config[name]] as const);
    if (input.options['json'] === true)
      process.stdout.write(`${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`);
    else for (const [name, value] of shown) process.stdout.write(`${name}: ${JSON.stringify(value) ?? ''}\n`);
    return 0;
  },
};
