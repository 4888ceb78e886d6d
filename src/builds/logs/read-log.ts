import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { openWhole } from '#kernel/files/open-whole.ts';
import { storeBytes } from '#kernel/files/store-bytes.ts';
import type { BuildsContext } from '../context.ts';
import type { Build } from '../model/build.ts';
import { readLogPieces } from './store.ts';

/** The log of a build, whole or as far as it has come. */
export async function readLog({ db, files }: BuildsContext, { id, log }: Build): Promise<string> {
  if (log === null) return await readLogPieces(db, id);
  const open = await openWhole(files, log);
  try {
    const bytes = await open.next(Buffer.alloc(log.size));
    return (await promisify(gunzip)(bytes)).toString('utf8');
  } finally {
    open.release();
  }
}

/** Stores the log of a build that ends; null if it has none. */
export async function storeLog({ db, files }: BuildsContext, { id }: Build): Promise<Build['log']> {
  const text = await readLogPieces(db, id);
  if (text === '') return null;
  const { sha256, size } = await storeBytes(files, await promisify(gzip)(text));
  return { sha256, size };
}
