import type { Database } from '../db/db.ts';
import type { KernelTables } from '../db/kernel-tables.ts';

/** A job that this process may run while nobody else has its lease. */
export interface ClaimedJob {
  readonly id: number;
  readonly name: string;
  readonly payload: string;
  readonly key: string | null;
  readonly attempts: number;
  readonly lease: string;
  readonly leasedUntil: number;
}

export interface Claim {
  /** A token that nobody else has. */
  readonly lease: string;
  readonly now: number;
  readonly leasedUntil: number;
  /** For each queue the names of its jobs, and how many it can take. */
  readonly free: readonly { readonly names: readonly string[]; readonly slots: number }[];
  /** Jobs that run here still, also if their lease has ended. */
  readonly running: readonly number[];
}

/** Takes due jobs, the longest due ones first; who asks at the same time gets others. */
export async function claimJobs(
  database: Database,
  { lease, now, leasedUntil, free, running }: Claim,
): Promise<ClaimedJob[]> {
  const db = database.db.withTables<KernelTables>();
  const dueOf = ({ names, slots }: Claim['free'][number]) => {
    const due = db
      .selectFrom('job')
      .select('id')
      .where('failed_at', 'is', null)
      .where('run_after', '<=', now)
      .where('leased_until', '<', now)
      .where('name', 'in', names)
      .$if(running.length > 0, (query) => query.where('id', 'not in', running))
      .orderBy('run_after')
      .orderBy('id')
      .limit(slots);
    const locked = database.dialect === 'postgres' ? due.forUpdate().skipLocked() : due;
    return db.selectFrom(locked.as('queue')).select('queue.id');
  };
  const [first, ...others] = free.map(dueOf);
  if (first === undefined) return [];
  const claimed = await db
    // Materialized, so that PostgreSQL chooses and locks once.
    .with(
      (cte) => cte('due').materialized(),
      () => others.reduce((all, next) => all.unionAll(next), first),
    )
    .updateTable('job')
    .set((eb) => ({ lease, leased_until: leasedUntil, attempts: eb('attempts', '+', 1) }))
    .where('id', 'in', (eb) => eb.selectFrom('due').select('due.id'))
    .returning(['id', 'name', 'payload', 'key', 'attempts', 'run_after'])
    .execute();
  return claimed
    .toSorted((a, b) => a.run_after - b.run_after || a.id - b.id)
    .map((job) => ({ ...job, lease, leasedUntil }));
}
