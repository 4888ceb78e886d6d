import type { Context } from '#kernel/context.ts';
import type { Tx } from '#kernel/db/db.ts';
import { inBatches } from '#kernel/in-batches.ts';
import type { Progress } from '#kernel/progress.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { ensureProject, saveReleases, type Release } from '../projects/store.ts';
import type { Dump, DumpedIndex } from './dump.ts';
import type { ReleaseItem } from './dump-format.ts';
import { readDumpedMetadata } from './dumped-metadata.ts';
import { versionOf } from './read-dump.ts';
import { scanDataIndex, type ProjectPiece } from './scan-data-index.ts';
import type { IndexOf } from './store-indexes.ts';

/** Of projects and releases: a transaction must not grow with the dump, nor with descriptions. */
const PIECES_A_TRANSACTION = 400;
const ROWS_A_STATEMENT = 50;

export interface StoredProject {
  readonly id: number;
  readonly indexId: number;
  /** Normalized. */
  readonly name: string;
  readonly displayName: string;
  /** Ids by version. */
  readonly releases: Map<string, number>;
  /** When a file last came, epoch milliseconds. */
  changedAt: number;
}

/** By the id of the index and the normalized name. */
export type StoredProjects = Map<string, StoredProject>;

/** The projects of stages with their releases, read from the dump a second time: their descriptions fit into no memory. */
export async function storeReleases(
  { db }: Context,
  dump: Dump,
  indexes: IndexOf,
  progress: Progress,
): Promise<StoredProjects> {
  progress.step('writing releases');
  const total = [...indexes.keys()].reduce(
    (sum, { type, projects }) => sum + (type === 'stage' ? projects.size : 0),
    0,
  );
  const projects: StoredProjects = new Map();
  for await (const batch of inBatches(scanProjects(dump), PIECES_A_TRANSACTION)) {
    await db.transaction().execute((tx) => storePieces(tx, batch, { indexes, projects }));
    progress.count(projects.size, Math.max(total, projects.size));
  }
  return projects;
}

async function storePieces(
  tx: Tx,
  pieces: readonly PieceOfIndex[],
  { indexes, projects }: { readonly indexes: IndexOf; readonly projects: StoredProjects },
): Promise<void> {
  // Of two spellings of one project, each may have the version.
  const releases = new Map<string, { readonly project: StoredProject; readonly row: Omit<Release, 'id'> }>();
  for (const { dumped, piece } of pieces) {
    const index = indexes.get(dumped);
    if (index === undefined) continue;
    const name = normalizeProjectName(piece.project);
    const place = `${index.id}/${name}`;
    let project = projects.get(place);
    if (project === undefined) {
      const displayName = dumped.projects.get(name)?.displayName ?? piece.project;
      const { id } = await ensureProject(tx, { indexId: index.id, name, displayName });
      project = { id, indexId: index.id, name, displayName, releases: new Map(), changedAt: 0 };
      projects.set(place, project);
    }
    if (piece.kind === 'project') continue;
    const given = piece.value as ReleaseItem;
    const version = versionOf(piece.version, given);
    if (version === '') continue;
    const metadata = readDumpedMetadata(given, { name: project.displayName, version });
    releases.set(`${project.id} ${version}`, { project, row: { projectId: project.id, version, metadata } });
  }
  for await (const some of inBatches(releases.values(), ROWS_A_STATEMENT)) {
    const ids = await saveReleases(
      tx,
      some.map(({ row }) => row),
    );
    for (const [position, { project, row }] of some.entries())
      project.releases.set(row.version, ids[position] as number);
  }
}

interface PieceOfIndex {
  readonly dumped: DumpedIndex;
  readonly piece: ProjectPiece;
}

async function* scanProjects(dump: Dump): AsyncGenerator<PieceOfIndex> {
  const byKey = new Map(dump.indexes.map((index) => [index.key, index]));
  let dumped: DumpedIndex | undefined;
  for await (const piece of scanDataIndex(dump.directory)) {
    if (piece.kind === 'index') dumped = byKey.get(piece.key);
    else if ((piece.kind === 'project' || piece.kind === 'release') && dumped?.type === 'stage')
      yield { dumped, piece };
  }
}
