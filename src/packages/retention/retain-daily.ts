import { AppError } from '#kernel/errors/app-error.ts';
import type { JobHandler } from '#kernel/jobs/job-handler.ts';
import type { PackagesContext } from '../context.ts';
import { listIndexes } from '../indexes/store.ts';
import { fullName, isVolatile, type Index } from '../model/index.ts';
import { retain } from './retain.ts';
import type { RetentionRules } from './plan-retention.ts';

const DAY_MS = 86_400_000;

/**
 * Removes each day what the options `retention_keep` and `retention_days` of volatile stages let go; the events name no
 * actor. An index that goes meanwhile holds up none of the others.
 */
export function retainDaily(context: PackagesContext): JobHandler {
  return {
    name: 'packages.retain',
    everyMs: DAY_MS,
    async run(_payload, { signal }) {
      for (const index of await listIndexes(context.db)) {
        if (rulesOf(index) === undefined || index.type !== 'stage' || !isVolatile(index)) continue;
        try {
          const removed = await retain(context, {
            identity: undefined,
            index,
            rules: rulesOf,
            apply: true,
            force: false,
            signal,
          });
          if (removed.length === 0) continue;
          const bytes = removed.reduce((sum, release) => sum + release.bytes, 0);
          context.log.info(
            { index: fullName(index), releases: removed.length, bytes },
            'removed old releases',
          );
        } catch (error) {
          if (!(error instanceof AppError) || error.kind.status >= 500) throw error;
          context.log.warn({ index: fullName(index), err: error }, 'cannot remove old releases');
        }
      }
    },
  };
}

/** What the options of an index say; undefined if they say nothing. */
function rulesOf({ options }: Index): RetentionRules | undefined {
  const { retention_keep: keep, retention_days: days } = options;
  if (typeof keep !== 'number' && typeof days !== 'number') return undefined;
  return {
    keep: typeof keep === 'number' ? keep : undefined,
    days: typeof days === 'number' ? days : undefined,
    finals: false,
  };
}
