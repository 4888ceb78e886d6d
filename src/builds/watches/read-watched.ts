import type { JobHandler } from '#kernel/jobs/job-handler.ts';
import type { BuildsContext } from '../context.ts';
import { deriveSoon } from '../queue/derive-soon.ts';
import { buildsConfig } from '../settings.ts';
import { listWatches } from './store.ts';

const MINUTE_MS = 60_000;

/** Looks at the releases of watched projects again and again; the mirror asks upstream only for what may have changed. */
export function readWatchedJob({ db, clock, config }: BuildsContext): JobHandler {
  const everyMs = buildsConfig(config)['builds.read-minutes'] * MINUTE_MS;
  return {
    name: 'builds.read-watched',
    everyMs,
    async run() {
      for (const { indexId, project, readAt } of await listWatches(db)) {
        if ((readAt ?? 0) + everyMs / 2 > clock.now()) continue;
        await deriveSoon(db, clock.now(), { indexId, project });
      }
    },
  };
}
