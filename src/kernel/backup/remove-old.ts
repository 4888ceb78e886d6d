import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DigestList } from '../db/digest-list.ts';
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
  const path = join(directory, 'snapshots', 'needed.partial');
  await rm(path, { force: true });
  using needed = new DigestList(path);
  for (const name of await listSnapshots(directory)) {
    await needed.fill(named(readFileList(await readSnapshot(directory, name))));
  }
  let removed = 0;
  for await (const { sha256 } of files.list()) {
    if (needed.has(sha256)) continue;
    await files.remove(sha256, Infinity);
    removed += 1;
  }
  await rm(path);
  return removed;
}

async function* named(list: AsyncIterable<{ readonly sha256: string; readonly size: number }>) {
  for await (const each of list) yield { ...each, name: '' };
}
