import type { Tx } from '#kernel/db/db.ts';
import type { Documentation } from '../documentation/store.ts';
import { filePath } from '../model/file-path.ts';
import type { Index } from '../model/index.ts';
import { addressOf } from '../projects/file-address.ts';
import { rememberRemoved, type VersionedFile } from '../projects/store.ts';
import { listToxResults } from '../tox-results/store.ts';

/** Remembers, before the rows go, that files and what tests told of them had addresses: these answer 410 from then on. */
export async function rememberFiles(
  tx: Tx,
  index: Index,
  files: readonly VersionedFile[],
  now: number,
): Promise<void> {
  const byId = new Map(files.map((file) => [file.id, file]));
  const results = (await listToxResults(tx, [...byId.keys()])).flatMap((result) => {
    const file = byId.get(result.releaseFileId);
    return file === undefined ? [] : [filePath(index, file.sha256, result.filename)];
  });
  await rememberRemoved(tx, [...files.map((file) => addressOf(index, file)), ...results], now);
}

/** The same of documentation. */
export async function rememberDocumentation(
  tx: Tx,
  index: Index,
  documentation: readonly Documentation[],
  now: number,
): Promise<void> {
  const paths = documentation.map(({ sha256, filename }) => filePath(index, sha256, filename));
  await rememberRemoved(tx, paths, now);
}
