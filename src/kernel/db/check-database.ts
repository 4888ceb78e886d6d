import { sql } from 'kysely';
import { Worker } from 'node:worker_threads';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import type { Database, Db } from './db.ts';

/** Problems that are named; one is reason enough. */
const SHOWN = 5;

/**
 * Throws `kernel.database-damaged` if the database fails its own check. SQLite: `pragma integrity_check`, which reads every
 * page and compares each index with its table. PostgreSQL: every table is read from front to back, values that are
 * stored apart included; where the extension amcheck is installed and allowed, each index is compared with its table, too.
 * Takes seconds per gigabyte, aside from the event loop.
 */
export async function checkDatabase(database: Database): Promise<void> {
  const problems =
    database.path === undefined ? await checkPostgres(database) : await checkSqlite(database.path);
  if (problems.length === 0) return;
  const shown = problems.slice(0, SHOWN).join('; ');
  throw new AppError(kernelErrors.databaseDamaged, `the database is damaged: ${shown}`);
}

async function checkSqlite(path: string): Promise<string[]> {
  const file = import.meta.url.endsWith('.ts') ? './check-sqlite-worker.ts' : './check-sqlite-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData: path });
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  worker.once('message', resolve);
  worker.once('error', reject);
  return await promise;
}

async function checkPostgres({ db }: Database): Promise<string[]> {
  const { rows: relations } = await sql<{ name: string; oid: number; kind: string }>`
    select c.oid::regclass::text as name, c.oid::int8 as oid, c.relkind as kind
    from pg_class c left join pg_index i on i.indexrelid = c.oid left join pg_am a on a.oid = c.relam
    where c.relnamespace = current_schema()::regnamespace
      and (c.relkind = 'r' or c.relkind = 'i' and a.amname = 'btree' and i.indisvalid)
    order by c.relkind desc, 1`.execute(db);
  const amcheck = await findAmcheck(db);
  const problems: string[] = [];
  for (const { name, oid, kind } of relations) {
    if (kind === 'i' && amcheck === undefined) continue;
    const check =
      kind === 'r'
        ? sql`select sum(length(t::text)) from ${sql.raw(name)} t`
        : sql`select ${sql.raw(amcheck ?? '')}.bt_index_check(${oid}::oid::regclass, true)`;
    await check.execute(db).catch((error: unknown) => problems.push(damageIn(name, error)));
  }
  return problems;
}

/** The schema of the extension, if it is there and may be used. */
async function findAmcheck(db: Db): Promise<string | undefined> {
  const { rows } = await sql<{ schema: string }>`
    select quote_ident(n.nspname) as schema
    from pg_extension e
    join pg_namespace n on n.oid = e.extnamespace
    join pg_proc p on p.pronamespace = n.oid and p.proname = 'bt_index_check' and p.pronargs = 2
    where e.extname = 'amcheck' and has_function_privilege(p.oid, 'execute')`.execute(db);
  return rows[0]?.schema;
}

/** PostgreSQL's classes 58 (system) and XX (internal); any other failure is none of the data. */
function damageIn(name: string, error: unknown): string {
  const raw = (error instanceof AppError ? error.cause : error) as { code?: string; message: string };
  if (!/^(?:58|XX)/.test(raw.code ?? '')) throw error;
  return `${name}: ${raw.message}`;
}
