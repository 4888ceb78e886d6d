import { randomBytes, randomUUID } from 'node:crypto';
import type { Db, Tx } from './db.ts';
import { ensureFacts } from './facts.ts';
import type { KernelTables } from './kernel-tables.ts';

/** What is the same for every server process of one installation. */
export interface InstallationFacts {
  /** 32 hex digits. */
  readonly uuid: string;
  /** Signs login tokens. */
  readonly secret: Buffer;
}

/** Reads the facts of this installation, making them on the first start; safe for two first starts at once. */
export async function ensureInstallation(db: Db): Promise<InstallationFacts> {
  const facts = await ensureFacts(db, {
    uuid: randomUUID().replaceAll('-', ''),
    secret: randomBytes(32).toString('base64'),
  });
  return { uuid: facts.get('uuid') ?? '', secret: Buffer.from(facts.get('secret') ?? '', 'base64') };
}

/** Records, in the transaction that makes it, that the installation has what it starts with; false if it had. */
export async function markInitialized(tx: Tx): Promise<boolean> {
  const inserted = await tx
    .withTables<KernelTables>()
    .insertInto('installation')
    .values({ key: 'initialized', value: '1' })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('key')
    .execute();
  return inserted.length > 0;
}
