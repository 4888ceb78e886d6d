import { LRUCache } from 'lru-cache';
import type { Db } from '#kernel/db/db.ts';
import { hearing, type Listener } from '#kernel/events/listeners.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { METADATA_SUFFIX, METADATA_TYPE } from '../model/metadata-file.ts';
import { DOCUMENTATION_SUFFIX, getDocumentationAt } from '../documentation/documentation-at.ts';
import { getFileAt } from '../projects/file-address.ts';
import { getResultAt } from '../tox-results/get-result-at.ts';
import { testedFile } from '../tox-results/result-name.ts';
import { contentTypeOf } from './content-type.ts';
import type { ServedFile } from './send-file.ts';

/** What to send for an address: a file, its PEP 658 sidecar when `.metadata` follows the name, or what a test told of it. */
export async function getServedFile(
  db: Db,
  index: Parameters<typeof getFileAt>[1],
  relpath: string,
): Promise<ServedFile> {
  if (relpath.endsWith(DOCUMENTATION_SUFFIX)) {
    const { sha256, size, uploadedAt } = await getDocumentationAt(db, index, relpath);
    return { sha256, size, contentType: contentTypeOf(relpath), modifiedAt: uploadedAt };
  }
  if (testedFile(relpath) !== undefined) {
    const { result } = await getResultAt(db, index, relpath);
    const { sha256, size, uploadedAt } = result;
    return { sha256, size, contentType: 'application/json', modifiedAt: uploadedAt };
  }
  if (!relpath.endsWith(METADATA_SUFFIX)) {
    const file = await getFileAt(db, index, relpath);
    const { sha256, size, uploadedAt } = file;
    return { sha256, size, contentType: contentTypeOf(file.filename), modifiedAt: uploadedAt };
  }
  const file = await getFileAt(db, index, relpath.slice(0, -METADATA_SUFFIX.length));
  if (file.sidecar === undefined) {
    throw new AppError(packagesErrors.fileNotFound, `${file.filename} has no metadata file`);
  }
  return { ...file.sidecar, contentType: METADATA_TYPE, modifiedAt: file.uploadedAt };
}

const MAX_REMEMBERED = 20_000;

/** Keeps what is sent for a path, unless something changed since it was asked for. */
export type KeepServed = (path: string, file: ServedFile) => void;

/** Served files by request path, so that a hot download asks no database. */
export class ServedFileCache implements Listener {
  readonly #byPath = new LRUCache<string, ServedFile>({ max: MAX_REMEMBERED });
  #generation = 0;

  find(path: string): ServedFile | undefined {
    return this.#byPath.get(path);
  }

  /** To be called before any row is read on which the answer depends. */
  begin(): KeepServed {
    const generation = this.#generation;
    return (path, file) => {
      if (generation !== this.#generation) return;
      this.#byPath.set(path, file);
    };
  }

  /** Anything that may take a file away, or a right, empties the cache; an upload of a new name does not. */
  readonly hears = [
    hearing([packagesEvents.fileUploaded], ({ data: { replaced } }) => replaced && this.clear()),
    hearing(
      [
        packagesEvents.documentationUploaded,
        packagesEvents.fileRemoved,
        packagesEvents.documentationRemoved,
        packagesEvents.testResultRemoved,
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
