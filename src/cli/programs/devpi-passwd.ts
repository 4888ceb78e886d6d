import { DEVPI_VERSION } from '#packages/contract';
import type { FullConfig } from '../../parts.ts';
import type { Program } from '../program.ts';
import { resetLocally } from '../reset-locally.ts';
import { configFromOptions, stateOptions } from './devpi-options.ts';

/** `devpi-passwd`: sets the password of a user in a server directory (reference devpi.md 3.1). */
export const program = {
  name: 'devpi-passwd',
  summary: 'Sets the password of a user of a Wheelhouse server, with the options of devpi-passwd.',
  version: DEVPI_VERSION,
  environmentPrefix: 'DEVPISERVER_',
  options: stateOptions,
  argument: { spelling: '[user]', summary: 'Whose password; default is root.' },
  async run(options, user) {
    await setPassword(configFromOptions(program.options, options), user === '' ? 'root' : user);
    return 0;
  },
} satisfies Program;

/** The same for `devpi-server --passwd`. Asks where there is a terminal; else the password is the first line of stdin. */
export async function setPassword(config: FullConfig, user: string): Promise<void> {
  await resetLocally(config, { user, given: process.stdin.isTTY ? undefined : '-' });
}
