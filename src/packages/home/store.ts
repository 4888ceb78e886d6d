import { sql } from 'kysely';
import type { Db } from '#kernel/db/db.ts';
import type { PackagesTables } from '../tables.ts';

/** What an index holds, in numbers. */
export interface Holding {
  readonly projects: number;
  readonly files: number;
  readonly bytes: number;
  /** Uploads a day, the oldest first. */
  readonly uploads: readonly number[];
  /** What changed last. */
  readonly newest:
    | { readonly name: string; readonly version: string | null; readonly at: number }
    | undefined;
}

const DAY_MS = 86_400_000;
export const DAYS = 30;

/** What these indexes hold, by their ids; one statement for each number, whatever their count. */
export async function readHoldings(
  db: Db,
  ids: readonly number[],
  now: number,
): Promise<ReadonlyMap<number, Holding>> {
  if (ids.length === 0) return new Map();
  const projects = await tables(db)
    .selectFrom('project')
    .select((eb) => ['index_id', eb.fn.countAll<number>().as('count')])
    .where('index_id', 'in', ids)
    .groupBy('index_id')
    .execute();
  const files = await tables(db)
    .selectFrom('release_file')
    .select((eb) => [
      'index_id',
      eb.fn.countAll<number>().as('count'),
      eb.fn.sum<number | null>('size').as('bytes'),
    ])
    .where('index_id', 'in', ids)
    .groupBy('index_id')
    .execute();
  const today = Math.floor(now / DAY_MS);
  const day = sql<number>`uploaded_at / ${sql.lit(DAY_MS)}`;
  const uploads = await tables(db)
    .selectFrom('release_file')
    .select((eb) => ['index_id', day.as('day'), eb.fn.countAll<number>().as('count')])
    .where('index_id', 'in', ids)
    .where('uploaded_at', '>=', (today - DAYS + 1) * DAY_MS)
    .groupBy(['index_id', day])
    .execute();
  const newest = await Promise.all(
    ids.map((id) =>
      tables(db)
        .selectFrom('search_entry')
        .select(['index_id', 'name', 'version', 'changed_at'])
        .where('index_id', '=', id)
        .orderBy('changed_at', 'desc')
        .limit(1)
        .executeTakeFirst(),
    ),
  );
  const entryOf = <Row extends { readonly index_id: number }>(rows: readonly Row[], id: number) =>
    rows.find(({ index_id }) => index_id === id);
  return new Map(
    ids.map((id) => {
      const held = entryOf(files, id);
      const last = newest[ids.indexOf(id)];
      const own = uploads.filter(({ index_id }) => index_id === id);
      const holding: Holding = {
        projects: entryOf(projects, id)?.count ?? 0,
        files: held?.count ?? 0,
        bytes: Number(held?.bytes ?? 0),
        uploads: Array.from(
          { length: DAYS },
          (_each, at) => own.find((each) => Number(each.day) === today - DAYS + 1 + at)?.count ?? 0,
        ),
        newest: last && { name: last.name, version: last.version, at: last.changed_at },
      };
      return [id, holding];
    }),
  );
}

function tables(db: Db) {
  return db.withTables<PackagesTables>();
}
