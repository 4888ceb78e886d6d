import type { Db } from '#kernel/db/db.ts';
import { hearing, type Listener } from '#kernel/events/listeners.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { findIndex } from '../indexes/store.ts';
import { findFile, isRemoved, type VersionedFile } from '../projects/store.ts';
import { contentTypeOf } from './content-type.ts';
import { filePath } from './file-path.ts';
import type { ServedFile } from './send-file.ts';

/** The parts of `/USER/INDEX/+f/aaa/bbbbbbbbbbbbb/NAME`, decoded. */
export interface FileAddress {
  readonly user: string;
  readonly index: string;
  /** What follows `+f/`. */
  readonly relpath: string;
}

const SIDECAR = '.metadata';

/** The row behind an address; throws 404, or 410 where there once was a file (devpi.md 1.10). */
export async function getFileAt(db: Db, { user, index, relpath }: FileAddress): Promise<VersionedFile> {
  const [start = '', rest = '', filename = '', ...more] = relpath.split('/');
  const found = await findIndex(db, user, index);
  const file = found && more.length === 0 ? await findFile(db, found.id, filename) : undefined;
  if (
    file !== undefined &&
    file.sha256.startsWith(start + rest) &&
    start.length === 3 &&
    rest.length === 13
  ) {
    return file;
  }
  const path = `${user}/${index}/+f/${relpath}`;
  if (await isRemoved(db, path)) {
    throw new AppError(packagesErrors.fileRemoved, 'file existed, deleted in later serial');
  }
  throw new AppError(packagesErrors.fileNotFound, 'no such file', { hint: `there is nothing at ${path}` });
}

/** What to send for an address: the file, or its PEP 658 sidecar when `.metadata` follows the name. */
export async function getServedFile(db: Db, address: FileAddress): Promise<ServedFile> {
  if (!address.relpath.endsWith(SIDECAR)) {
    const file = await getFileAt(db, address);
    const { sha256, size, uploadedAt } = file;
    return { sha256, size, contentType: contentTypeOf(file.filename), modifiedAt: uploadedAt };
  }
  const file = await getFileAt(db, { ...address, relpath: address.relpath.slice(0, -SIDECAR.length) });
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

/** Served files by request path, so that a hot download asks no database. */
export class ServedFileCache implements Listener {
  readonly #byPath = new Map<string, ServedFile>();
  #generation = 0;

  find(path: string): ServedFile | undefined {
    return this.#byPath.get(path);
  }

  async get(path: string, load: () => Promise<ServedFile>): Promise<ServedFile> {
    const found = this.#byPath.get(path);
    if (found !== undefined) return found;
    const generation = this.#generation;
    const file = await load();
    if (generation !== this.#generation) return file;
    if (this.#byPath.size >= MAX_REMEMBERED) this.#byPath.clear();
    this.#byPath.set(path, file);
    return file;
  }

  /** Anything that may take a file away empties the cache; an upload of a new name does not. */
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
