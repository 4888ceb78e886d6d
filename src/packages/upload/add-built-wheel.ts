import type { Tx } from '#kernel/db/db.ts';
import type { Emit } from '#kernel/events/events.ts';
import type { Digests } from '#kernel/files/files.ts';
import { openWhole } from '#kernel/files/open-whole.ts';
import { storeBytes } from '#kernel/files/store-bytes.ts';
import { inspectArchive } from '#python/archives/inspect.ts';
import { isSameVersion } from '#python/names/same-version.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { lockSame } from '../lock-for-change.ts';
import type { Index } from '../model/index.ts';
import { completeMetadata } from '../projects/metadata.ts';
import { storeRows, type CheckedFile, type StoreRows, type UploadResult } from './store-rows.ts';

/** A wheel whose bytes are stored already, and the release that it is to be of. */
export interface BuiltWheel {
  readonly project: string;
  readonly version: string;
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  readonly digests: Digests;
}

/** Adds the wheel to an index, in a transaction; throws 409 for a name that has other bytes which must stay. */
export type AddWheel = (
  tx: Tx,
  emit: Emit,
  to: { readonly index: Index } & Pick<StoreRows, 'actor' | 'now' | 'by'>,
) => Promise<UploadResult>;

/**
 * Checks a wheel that was built here as an upload is checked, before anything changes, and returns what adds it. Throws
 * `packages.invalid-archive` if it is none, or one of another release.
 */
export async function checkBuiltWheel(
  { files }: Pick<PackagesContext, 'files'>,
  { project, version, filename, size, digests }: BuiltWheel,
): Promise<AddWheel> {
  const reader = {
    size,
    async read(into: Buffer, position: number) {
      const last = Math.min(size, position + into.length) - 1;
      if (last < position) return 0;
      const open = await openWhole(files, { sha256: digests.sha256, size }, { first: position, last });
      try {
        let filled = 0;
        while (filled <= last - position) {
          const piece = await open.next(into.subarray(filled, last - position + 1));
          if (piece.length === 0) break;
          filled += piece.length;
        }
        return filled;
      } finally {
        open.release();
      }
    },
  };
  const archive = await inspectArchive(reader, filename, { expectedProject: project }).catch(
    (cause: unknown) => {
      if (cause instanceof AppError) throw cause;
      throw invalid(filename, (cause as Error).message, cause);
    },
  );
  if (archive.kind !== 'wheel' || archive.metadata === undefined || archive.metadataBytes === undefined)
    throw invalid(filename, 'it is no wheel');
  if (archive.project !== project || !isSameVersion(archive.version, version))
    throw invalid(filename, `it is of ${archive.project} ${archive.version}, not of ${project} ${version}`);
  const sidecar = await storeBytes(files, archive.metadataBytes);
  const stored: CheckedFile = {
    content: { filename, size, digests },
    metadata: completeMetadata({ ...archive.metadata }),
    sidecar: { sha256: sidecar.sha256, size: sidecar.size },
  };
  return async (tx, emit, { index, ...to }) =>
    await storeRows(tx, emit, { ...to, index: await lockSame(tx, index), stored });
}

function invalid(filename: string, problem: string, cause?: unknown): AppError {
  return new AppError(packagesErrors.invalidArchive, `invalid archive '${filename}': ${problem}`, { cause });
}
