import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { WHEELHOUSE_VERSION } from '../version.ts';
import type { MigrationState } from './migrate.ts';

/** Throws `kernel.database-newer` if a newer program has migrated the database. */
export function refuseNewer({ unknown, version }: Pick<MigrationState, 'unknown' | 'version'>): void {
  if (unknown.length === 0) return;
  const newer = version === undefined ? 'a newer version' : `version ${version}`;
  throw new AppError(
    kernelErrors.databaseNewer,
    `the database was migrated by ${newer} of Wheelhouse, which this version ${WHEELHOUSE_VERSION} does not know (${unknown.join(', ')})`,
    {
      hint: `run ${newer} or a later one; or go back to the copy from before the upgrade: docs/guides/production.md, "Upgrade"`,
    },
  );
}
