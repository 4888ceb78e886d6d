import type { Db } from '#kernel/db/db.ts';
import { hearing, type Listener } from '#kernel/events/listeners.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { fullName, type Index } from '../indexes/store.ts';
import { findFile, isRemoved, type VersionedFile } from '../projects/store.ts';
import { contentTypeOf } from './content-type.ts';
import { filePath } from './file-path.ts';
import type { ServedFile } from './send-file.ts';

const SIDECAR = '.metadata';

/**
 * The row behind an address below an index; throws 404, or 410 where there once was a file (devpi.md 1.10). `relpath` is
 * what follows `+f/`, decoded.
 */
export async function getFileAt(
  db: Db,
  index: Pick<Index, 'user' | 'name'> & { readonly id?: number },
  relpath: string,
): Promise<VersionedFile> {
  const [start = '', rest = '', filename = '', ...more] = relpath.split('/');
  const file =
    index.id !== undefined && more.length === 0 ? await findFile(db, index.id, filename) : undefined;
  if (
    file !== undefined &&
    file.sha256.startsWith(start + rest) &&
    start.length === 3 &&
    rest.length === 13
  ) {
    return file;
  }
  const path = `${fullName(index)}/+f/${relpath}`;
  if (await isRemoved(db, path)) {
    throw new AppError(packagesErrors.fileRemoved, 'file existed, deleted in later serial');
  }
  throw new AppError(packagesErrors.fileNotFound, 'no such file', { hint: `there is nothing at ${path}` });
}

/** What to send for an address: the file, or its PEP 658 sidecar when `.metadata` follows the name. */
export async function getServedFile(
  db: Db,
  index: Parameters<typeof getFileAt>[1],
  relpath: string,
): Promise<ServedFile> {
  if (!relpath.endsWith(SIDECAR)) {
    const file = await getFileAt(db, index, relpath);
    const { sha256, size, uploadedAt } = file;
    return { sha256, size, contentType: contentTypeOf(file.filename), modifiedAt: uploadedAt };
  }
  const file = await getFileAt(db, index, relpath.slice(0, -SIDECAR.length));
  if (file.sidecar === undefined) {
    throw new AppError(packagesErrors.fileNotFound, `${file.filename} has no metadata file`);
  }
  return { ...file.sidecar, contentType: 'text/plain; charset=utf-8', modifiedAt: file.uploadedAt };
}

/** The address of a file, to remember it as removed. */
export function addressOf(
  index: { readonly user: string; readonly name: string },
  file: VersionedFile,
): string {
  return filePath(index, file.sha256, file.filename);
}

const MAX_REMEMBERED = 20_000;

/** Keeps what is sent for a path, unless something changed since it was asked for. */
export type KeepServed = (path: string, file: ServedFile) => void;

/** Served files by request path, so that a hot download asks no database. */
export class ServedFileCache implements Listener {
  readonly #byPath = new Map<string, ServedFile>();
  #generation = 0;

  find(path: string): ServedFile | undefined {
    return this.#byPath.get(path);
  }

  /** To be called before any row is read on which the answer depends. */
  begin(): KeepServed {
    const generation = this.#generation;
    return (path, file) => {
      if (generation !== this.#generation) return;
      if (this.#byPath.size >= MAX_REMEMBERED) this.#byPath.clear();
      this.#byPath.set(path, file);
    };
  }

  /** Anything that may take a file away, or a right, empties the cache; an upload of a new name does not. */
  readonly hears = [
    hearing([packagesEvents.fileUploaded], ({ data: { replaced } }) => replaced && this.clear()),
    hearing(
      [
        packagesEvents.fileRemoved,
        packagesEvents.releaseRemoved,
        packagesEvents.projectRemoved,
        packagesEvents.indexModified,
        packagesEvents.indexDeleted,
      ],
      () => this.clear(),
    ),
  ];

  clear(): void {
    this.#generation += 1;
    this.#byPath.clear();
  }
}
