import type { FullConfig } from '../parts.ts';
import { readPassword } from './read-password.ts';

export interface ResetLocally {
  readonly user: string;
  /** `-` to read the password from stdin, undefined to ask for it. */
  readonly given: string | undefined;
}

/**
 * Gives a user another password in a server directory, without asking who does it, whether a server runs there or not: one
 * that does ends the logins of the user within a second.
 */
export async function resetLocally(config: FullConfig, { user, given }: ResetLocally): Promise<void> {
  // Before the directory is opened, which nobody could serve meanwhile.
  const password = await readPassword({ question: `New password of ${user}`, given, isNew: true });
  const { createLog } = await import('#kernel/log/log.ts');
  const { openInstallation } = await import('../wiring.ts');
  const { resetPassword } = await import('#accounts');
  const log = createLog({ ...config, 'log.level': 'warn' });
  const open = { mayChangeBeside: true, mustExist: true };
  const { context, close } = await openInstallation(config, log, open);
  try {
    await resetPassword(context, { user, password });
  } finally {
    await close();
  }
  process.stderr.write(`changed the password of ${user} in ${config.serverdir}\n`);
}
