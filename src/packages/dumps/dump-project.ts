import type { Db } from '#kernel/db/db.ts';
import { listDocumentation } from '../documentation/store.ts';
import { filePath } from '../model/file-path.ts';
import { fullName, type Index } from '../model/index.ts';
import type { LogItem } from '../model/log-item.ts';
import { listFiles, type Project } from '../projects/store.ts';
import { listToxResults } from '../tox-results/store.ts';
import type { FileItem } from './dump-format.ts';
import { listReleaseTexts, listVersionsById } from './store.ts';

/** A file of a dump: what is told of it, and its bytes. */
export interface DumpedBytes {
  readonly item: FileItem;
  readonly bytes: { readonly sha256: string; readonly size: number };
}

/** The metadata of a project's releases by version, under devpi's keys, each as JSON. */
export async function dumpReleases(db: Db, project: Project): Promise<ReadonlyMap<string, string>> {
  const releases = await listReleaseTexts(db, project.id);
  return new Map(releases.map(({ version, metadata }) => [version, metadata]));
}

const IDS_A_QUERY = 500;

/** The files of a project's releases, what tox told of them, and their documentation. */
export async function* dumpFiles(db: Db, index: Index, project: Project): AsyncGenerator<DumpedBytes> {
  const files = (await listFiles(db, [project.id])).toSorted((a, b) => a.id - b.id);
  for (const file of files) {
    yield describe(index, project.name, file, {
      type: 'releasefile',
      version: file.version,
      path: `${project.name}/${file.version}/${file.filename}`,
      more: { ...(file.yanked !== null && { yanked: file.yanked }) },
    });
  }
  const byId = new Map(files.map((file) => [file.id, file]));
  for (let start = 0; start < files.length; start += IDS_A_QUERY) {
    const ids = files.slice(start, start + IDS_A_QUERY).map(({ id }) => id);
    for (const result of await listToxResults(db, ids)) {
      const tested = byId.get(result.releaseFileId);
      if (tested === undefined) continue;
      yield describe(index, project.name, result, {
        type: 'toxresult',
        version: tested.version,
        path: `${project.name}/sha256=${tested.sha256}/${result.filename}`,
        more: { for_entrypath: filePath(index, tested.sha256, tested.filename) },
      });
    }
  }
  yield* dumpDocumentation(db, index, project);
}

async function* dumpDocumentation(db: Db, index: Index, project: Project): AsyncGenerator<DumpedBytes> {
  const versions = await listVersionsById(db, project.id);
  const ids = [...versions.keys()];
  for (let start = 0; start < ids.length; start += IDS_A_QUERY) {
    for (const zip of await listDocumentation(db, ids.slice(start, start + IDS_A_QUERY))) {
      const version = versions.get(zip.releaseId) ?? '';
      // Under this name devpi-import finds out what it is of.
      const path = `${project.name}-${version}.doc.zip`;
      yield describe(index, project.name, zip, { type: 'doczip', version, path, more: {} });
    }
  }
}

interface Stored {
  readonly size: number;
  readonly sha256: string;
  readonly uploadedAt: number;
  readonly log: readonly LogItem[];
}

function describe(
  index: Index,
  project: string,
  { size, sha256, uploadedAt, log }: Stored,
  told: {
    readonly type: FileItem['type'];
    readonly version: string;
    readonly path: string;
    readonly more: Readonly<Record<string, unknown>>;
  },
): DumpedBytes {
  const { type, version, more } = told;
  const relpath = `${fullName(index)}/${told.path}`;
  return {
    bytes: { sha256, size },
    item: {
      type,
      projectname: project,
      version,
      relpath,
      entrymapping: {
        last_modified: new Date(uploadedAt).toUTCString(),
        hash_spec: `sha256=${sha256}`,
        hashes: { sha256 },
        project,
        version,
      },
      log: log.map(({ when, ...entry }) => ({ ...entry, when: [...when] })),
      ...more,
    },
  };
}
