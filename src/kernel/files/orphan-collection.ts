import type { Clock } from '../clock.ts';
import { checkDatabase } from '../db/check-database.ts';
import type { Database } from '../db/db.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import type { JobHandler } from '../jobs/job-handler.ts';
import type { Log } from '../log/log.ts';
import { collectOrphans } from './collect-orphans.ts';
import type { Files } from './files.ts';
import { ORPHAN_GRACE_MS, type FindNeeded } from './find-orphans.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface OrphanCollection {
  readonly database: Database;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly findNeeded: FindNeeded;
}

/**
 * Removes what no row refers to, each hour. A damaged database does not know what it needs: it is checked first, once a
 * day, and nothing is removed while it fails.
 */
export function orphanCollection({ database, files, clock, log, findNeeded }: OrphanCollection): JobHandler {
  let checkAgainAt = 0;
  return {
    name: 'kernel.collect-orphans',
    everyMs: HOUR_MS,
    isLocal: true,
    async run(_payload, { signal }) {
      const now = clock.now();
      if (now >= checkAgainAt) {
        try {
          await checkDatabase(database);
        } catch (error) {
          if (!(error instanceof AppError) || error.kind !== kernelErrors.databaseDamaged) throw error;
          log.error({ err: error }, `${error.message}; no stored bytes are removed`);
          return;
        }
        checkAgainAt = now + DAY_MS;
      }
      const freed = await collectOrphans(files, findNeeded, now - ORPHAN_GRACE_MS, signal);
      if (freed.files > 0) log.info(freed, 'removed stored bytes that no file refers to');
    },
  };
}
