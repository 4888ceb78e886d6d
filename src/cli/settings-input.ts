import { environment } from '#kernel/config/environment.ts';
import { readConfig } from '#kernel/config/read-config.ts';
import type { Config } from '#kernel/config/kernel-settings.ts';
import { parts, settingsOf } from '../parts.ts';
import type { CommandInput, CommandOption } from './command.ts';

/** Names the configuration file; taken by every command that reads settings. */
export const configOption: CommandOption = {
  flags: '-c, --config <file>',
  summary: 'Configuration file; default is wheelhouse.yml in the server directory.',
};

/** The configuration that a command line asks for. */
export function configOf({ settings, options }: CommandInput): Config {
  const file = options['config'];
  return readConfig(settingsOf(parts), {
    flags: settings,
    environment,
    ...(typeof file === 'string' && { file }),
  });
}
