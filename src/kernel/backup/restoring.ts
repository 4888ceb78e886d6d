import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

/** The file that says of a server directory that its restore has not ended. */
export const RESTORING = '.restoring';

/** Throws if a restore of this directory was broken off: a new server must not be made of half of one. */
export function refuseHalfRestored(serverdir: string): void {
  if (!existsSync(join(serverdir, RESTORING))) return;
  throw new AppError(kernelErrors.serverdirUnusable, `a restore into ${serverdir} has not ended`, {
    hint: 'give the same `wheelhouse restore` again: it goes on',
  });
}
