import type { Context } from '#kernel/context.ts';
import { deleteMirrorFiles, listLeastUsed, sumMirrorBytes } from './store.ts';
import { packagesConfig } from '../settings.ts';

const PAGE = 500;
const DAY_MS = 86_400_000;

/**
 * Forgets mirrored files that were not used for longer than the settings allow, and the least recently used ones while
 * all together are too many bytes. Files of stages are never touched: their rows are others. Returns what was freed;
 * the bytes themselves go when orphans are collected.
 */
export async function evictMirrorFiles(
  context: Pick<Context, 'db' | 'config' | 'clock'>,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const { db, config, clock } = context;
  const maxBytes = packagesConfig(config)['packages.mirror-cache-bytes'] ?? Infinity;
  const maxDays = packagesConfig(config)['packages.mirror-cache-days'] ?? Infinity;
  const usedBefore = clock.now() - maxDays * DAY_MS;
  const freed = { files: 0, bytes: 0 };
  if (maxBytes === Infinity && maxDays === Infinity) return freed;
  let held = await sumMirrorBytes(db);
  for (;;) {
    const leaving = [];
    for (const file of await listLeastUsed(db, PAGE)) {
      if (held <= maxBytes && file.usedAt >= usedBefore) break;
      held -= file.size;
      freed.bytes += file.size;
      leaving.push(file);
    }
    await deleteMirrorFiles(db, leaving);
    freed.files += leaving.length;
    if (leaving.length < PAGE) return freed;
  }
}
