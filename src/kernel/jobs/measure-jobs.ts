import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Db } from '../db/db.ts';
import type { KernelTables } from '../db/kernel-tables.ts';
import type { Metrics } from '../http/metrics.ts';
import { MAINTENANCE, type JobHandler } from './job-handler.ts';

const STATES = ['waiting', 'running', 'failed'] as const;
type State = (typeof STATES)[number] | 'later';

/** Reports how many jobs of each queue are due and wait, run in any process, and were given up. */
export function measureJobs(metrics: Metrics, db: Db, clock: Clock, handlers: readonly JobHandler[]): void {
  const queueByName = new Map(handlers.map(({ name, queue = MAINTENANCE }) => [name, queue.name]));
  metrics.labelledGauge(
    'jobs',
    'Jobs by queue: waiting though due, running, and failed for good.',
    ['queue', 'state'],
    async () => {
      const counts = await countJobs(db, clock.now());
      return [...new Set(queueByName.values())].flatMap((queue) =>
        STATES.map((state) => ({
          labels: { queue, state },
          value: counts
            .filter((count) => queueByName.get(count.name) === queue && count.state === state)
            .reduce((sum, { count }) => sum + count, 0),
        })),
      );
    },
  );
}

/** Jobs of all queues: due and waiting, running in any process, given up for good. */
export async function countJobStates(
  db: Db,
  now: number,
): Promise<Readonly<Record<(typeof STATES)[number], number>>> {
  const counts = await countJobs(db, now);
  const total = (of: State) =>
    counts.filter(({ state }) => state === of).reduce((sum, { count }) => sum + count, 0);
  return { waiting: total('waiting'), running: total('running'), failed: total('failed') };
}

async function countJobs(db: Db, now: number) {
  return await db
    .withTables<KernelTables>()
    .selectFrom('job')
    .select(({ fn }) => [
      'name',
      sql<State>`case
        when failed_at is not null then 'failed'
        when leased_until >= ${now} then 'running'
        when run_after <= ${now} then 'waiting'
        else 'later'
      end`.as('state'),
      fn.countAll<number>().as('count'),
    ])
    .groupBy(['name', 'state'])
    .execute();
}
