import type { Db } from '#kernel/db/db.ts';
import { fileUrlPath } from '../files/file-path.ts';
import { resolveBases } from '../inheritance/resolve.ts';
import { selectVisible } from '../inheritance/shadowing.ts';
import type { Index } from '../indexes/store.ts';
import { listFiles, listProjectsNamed, type VersionedFile } from '../projects/store.ts';
import { compareVersions } from '../projects/versions.ts';

/** One file as the simple API tells of it (PEP 503, 592, 658, 700). */
export interface PageFile {
  readonly filename: string;
  /** Relative to `/USER/INDEX/+simple/PROJECT/`. */
  readonly url: string;
  readonly sha256: string;
  readonly size: number;
  /** Epoch milliseconds. */
  readonly uploadedAt: number;
  readonly requiresPython: string | null;
  readonly yanked: string | null;
  /** sha256 of the metadata sidecar, if there is one. */
  readonly coreMetadata: string | undefined;
}

/** The one model of a project page: both forms are rendered from it (design section 5). */
export interface ProjectPage {
  /** `user/index` that was asked. */
  readonly index: string;
  readonly name: string;
  /** Every version, oldest first. */
  readonly versions: readonly string[];
  /** By version, then by name. */
  readonly files: readonly PageFile[];
}

/** Reads what an index shows of a project, own and inherited; undefined if no visible index has the project. */
export async function readProjectPage(db: Db, index: Index, name: string): Promise<ProjectPage | undefined> {
  const order = await resolveBases(db, index);
  const projects = await listProjectsNamed(
    db,
    name,
    order.map(({ id }) => id),
  );
  const projectOf = new Map(projects.map((project) => [project.indexId, project]));
  const { indexes } = selectVisible(order, name, ({ id }) => projectOf.has(id));
  if (indexes.length === 0) return undefined;

  const visible = indexes.flatMap(({ id }) => projectOf.get(id) ?? []);
  const byIndex = Map.groupBy(
    await listFiles(
      db,
      visible.map(({ id }) => id),
    ),
    (file) => file.indexId,
  );
  const files = new Map<string, { readonly origin: Index; readonly file: VersionedFile }>();
  for (const origin of indexes) {
    for (const file of byIndex.get(origin.id) ?? []) {
      // The nearer index wins a name that both have.
      if (!files.has(file.filename)) files.set(file.filename, { origin, file });
    }
  }
  const versions = [...new Set([...files.values()].map(({ file }) => file.version))].sort(compareVersions);
  const rank = new Map(versions.map((version, position) => [version, position]));
  const sorted = [...files.values()].sort(
    (a, b) =>
      (rank.get(a.file.version) ?? 0) - (rank.get(b.file.version) ?? 0) ||
      (a.file.filename < b.file.filename ? -1 : 1),
  );
  return {
    index: `${index.user}/${index.name}`,
    name,
    versions,
    files: sorted.map(({ origin, file }) => toPageFile(index, origin, file)),
  };
}

function toPageFile(asked: Index, origin: Index, file: VersionedFile): PageFile {
  const path = fileUrlPath(origin, file.sha256, file.filename);
  const isOwn = origin.id === asked.id;
  return {
    filename: file.filename,
    url: isOwn ? `../../${path.split('/').slice(2).join('/')}` : `../../../../${path}`,
    sha256: file.sha256,
    size: file.size,
    uploadedAt: file.uploadedAt,
    requiresPython: file.requiresPython,
    yanked: file.yanked,
    coreMetadata: file.sidecar?.sha256,
  };
}
