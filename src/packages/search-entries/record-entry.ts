import type { Db } from '#kernel/db/db.ts';
import { compareVersions, isPreRelease } from '#python/names/compare-versions.ts';
import { readTextsSoon } from '../search-texts/read-texts-soon.ts';
import { findEntry, findMetadata, listVersions, saveEntry, type ReleaseMetadata } from './store.ts';

/** A project of a stage. */
export interface Recorded {
  readonly id: number;
  readonly indexId: number;
  /** Normalized. */
  readonly name: string;
}

/** Has a release found that has just come, in the transaction that stores it. */
export async function recordRelease(
  tx: Db,
  { id, indexId, name }: Recorded,
  { version, metadata }: { readonly version: string; readonly metadata: ReleaseMetadata },
  now: number,
): Promise<void> {
  const known = await findEntry(tx, id);
  const isNewest = known?.version == null || isPreferred(version, known.version);
  const shown = isNewest ? { version, summary: summaryOf(metadata) } : known;
  await saveEntry(tx, { ...shown, projectId: id, indexId, name, changedAt: now });
  if (isNewest) await readTextsSoon(tx, now, id);
}

/** Looks anew what there is of a project, in the transaction that took something away or yanked it. */
export async function recordProject(tx: Db, project: Recorded, now: number): Promise<void> {
  await rebuildEntry(tx, project, now);
  await readTextsSoon(tx, now, project.id);
}

/** The entry alone, from the releases. */
export async function rebuildEntry(tx: Db, { id, indexId, name }: Recorded, now: number): Promise<void> {
  const versions = await listVersions(tx, id);
  const chosen = newestOf(versions.filter(({ isYanked }) => !isYanked)) ?? newestOf(versions);
  if (chosen === undefined) return;
  await saveEntry(tx, {
    projectId: id,
    indexId,
    name,
    version: chosen.isYanked ? null : chosen.version,
    summary: summaryOf(await findMetadata(tx, id, chosen.version)),
    changedAt: now,
  });
}

function newestOf<Each extends { readonly version: string }>(versions: readonly Each[]): Each | undefined {
  return versions.reduce<Each | undefined>(
    (best, each) => (best !== undefined && isPreferred(best.version, each.version) ? best : each),
    undefined,
  );
}

/** As installers choose: a final release before any other, then the newer one. */
function isPreferred(version: string, other: string): boolean {
  if (isPreRelease(version) !== isPreRelease(other)) return isPreRelease(other);
  return compareVersions(version, other) >= 0;
}

/** The first line: metadata of before 2.1 may have more. */
function summaryOf(metadata: ReleaseMetadata): string {
  const [line = ''] = String(metadata['summary'] ?? '').split('\n', 1);
  return line.trim().slice(0, 1000);
}
