import type { Db, Tx } from './db.ts';
import { ensureFacts, readFacts, removeFact } from './facts.ts';

const FACT = 'import';

/** Says, before the first row of an import is written, that what is here is not the whole. Returns what it was marked with before. */
export async function markImport(db: Db, source: string): Promise<string> {
  return (await ensureFacts(db, { [FACT]: source })).get(FACT) ?? source;
}

/** What an import that has not ended brings here; undefined where there is none. */
export async function findUnfinishedImport(db: Db): Promise<string | undefined> {
  return (await readFacts(db)).get(FACT);
}

/** In the transaction that writes the last of it, or takes back the first. */
export async function unmarkImport(tx: Tx): Promise<void> {
  await removeFact(tx, FACT);
}
