import type { JobHandler } from '#kernel/jobs/job-handler.ts';
import { deleteSilent } from '../builders/store.ts';
import type { BuildsContext } from '../context.ts';
import { storeLog } from '../logs/read-log.ts';
import { deleteLogPieces } from '../logs/store.ts';
import { deriveSoon } from '../queue/derive-soon.ts';
import { listLostBuilds, updateEnded } from '../records/store.ts';

const EVERY_MS = 5000;
const FORGET_BUILDERS_MS = 7 * 86_400_000;

/** Gives builds back whose builders were silent for too long, and forgets builders that have not come for a week. */
export function returnLostJob(context: BuildsContext): JobHandler {
  const { db, clock, log } = context;
  return {
    name: 'builds.return-lost',
    everyMs: EVERY_MS,
    async run(_payload, { fence }) {
      for (const build of await listLostBuilds(db, clock.now())) {
        const stored = await storeLog(context, build);
        const isLost = await db.transaction().execute(async (tx) => {
          await fence(tx);
          const now = clock.now();
          const detail = `the builder ${build.builder} was silent for too long`;
          const rest = { seconds: null, failure: 'lost', detail, retryAt: now, record: null, log: stored };
          if (!(await updateEnded(tx, build.id, { state: 'lost', endedAt: now, ...rest }))) return false;
          await deleteLogPieces(tx, build.id);
          await deriveSoon(tx, now, build);
          return true;
        });
        if (isLost)
          log.warn({ build: build.id, builder: build.builder }, 'a build was lost with its builder');
      }
      const forgotten = await deleteSilent(db, clock.now() - FORGET_BUILDERS_MS);
      if (forgotten.length > 0) log.info({ builders: forgotten }, 'forgot builders');
    },
  };
}
