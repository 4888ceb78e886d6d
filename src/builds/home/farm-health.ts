import { readBuilders, takesBuilds } from '../builders/read-builders.ts';
import type { BuildsContext } from '../context.ts';
import { countQueuedByTarget } from '../queue/store.ts';
import { countEnded } from '../records/store.ts';

const DAY_MS = 86_400_000;
/** The newest builds, among which those of the last day are counted. */
const MOST_COUNTED = 5000;
/** So many failures in a day are many, if they are more than half. */
const MANY = 5;

/** How the farm is, with what should be looked at. */
export interface FarmHealth {
  readonly waiting: number;
  readonly builders: number;
  /** Those that take builds. */
  readonly active: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly trouble: 'no-builder' | 'many-failed' | undefined;
}

/** What is to do, who does it, and what came of the builds of the last day. */
export async function readFarmHealth(context: BuildsContext): Promise<FarmHealth> {
  const { db, clock } = context;
  const queued = await countQueuedByTarget(db);
  const builders = await readBuilders(context);
  const { succeeded, failed } = await countEnded(db, clock.now() - DAY_MS, MOST_COUNTED);
  const waiting = queued.reduce((sum, { count }) => sum + count, 0);
  const active = builders.filter(takesBuilds).length;
  const trouble =
    waiting > 0 && active === 0
      ? 'no-builder'
      : failed >= MANY && failed > succeeded
        ? 'many-failed'
        : undefined;
  return { waiting, builders: builders.length, active, succeeded, failed, trouble };
}
