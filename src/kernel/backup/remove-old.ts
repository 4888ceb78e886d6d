import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../files/sync-directory.ts';
import type { Files } from '../files/files.ts';
import { listSnapshots, readFileList, readSnapshot } from './manifest.ts';

/** Removes the oldest snapshots beyond so many, and then the bytes that no snapshot needs any more. */
export async function removeOld(
  directory: string,
  files: Files,
  keep: number,
): Promise<{ readonly snapshots: number; readonly files: number }> {
  const snapshots = join(directory, 'snapshots');
  const names = await listSnapshots(directory);
  const old = names.slice(0, Math.max(0, names.length - keep));
  for (const name of old) {
    // Half a snapshot must not be taken for one.
    await rename(join(snapshots, name), join(snapshots, `${name}.removed`));
    await syncDirectory(snapshots);
    await rm(join(snapshots, `${name}.removed`), { recursive: true });
  }
  return { snapshots: old.length, files: await removeUnneeded(directory, files) };
}

async function removeUnneeded(directory: string, files: Files): Promise<number> {
  const needed = new Set<string>();
  for (const name of await listSnapshots(directory)) {
    for await (const { sha256 } of readFileList(await readSnapshot(directory, name))) needed.add(sha256);
  }
  let removed = 0;
  for await (const { sha256 } of files.list()) {
    if (needed.has(sha256)) continue;
    await files.remove(sha256, Infinity);
    removed += 1;
  }
  return removed;
}
