import { AppError } from '#kernel/errors/app-error.ts';
import type { FormFile } from '../upload/receive-form.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { openWhole } from '#kernel/files/open-whole.ts';
import { storeBytes } from '#kernel/files/store-bytes.ts';
import { linkRelpath, type Link } from '../mirror/link.ts';
import type { MirrorFiles } from '../mirror/mirror-files.ts';
import type { Index } from '../model/index.ts';
import { completeMetadata } from '../projects/metadata.ts';
import { checkArchive } from '../upload/check-upload.ts';
import type { PushedFile, PushedRelease } from './pushed-release.ts';
import type { Pushed } from './push-request.ts';
import { combined } from './combined.ts';

/** How many files come from upstream at once for one push. */
const AT_ONCE = 4;

const CHUNK = 256 * 1024;

type FetchContext = PackagesContext & { readonly mirrorFiles: MirrorFiles };

/**
 * Fetches the files of a mirrored release that are not here yet, checks them as those of an upload, and keeps them. Throws one
 * error that lists every file which cannot be had, or is not what it should be.
 */
export async function fetchRelease(
  context: FetchContext,
  mirror: Index,
  { project, version }: Pushed,
  links: readonly Link[],
): Promise<PushedRelease> {
  const fetched: Fetched[] = [];
  const failures: AppError[] = [];
  for (let start = 0; start < links.length; start += AT_ONCE) {
    const batch = links.slice(start, start + AT_ONCE);
    const settled = await Promise.allSettled(
      batch.map((link) => fetchFile(context, mirror, link, { name: project, version })),
    );
    for (const each of settled) {
      if (each.status === 'fulfilled') fetched.push(each.value);
      else if (each.reason instanceof AppError) failures.push(each.reason);
      else throw each.reason;
    }
  }
  if (failures.length > 0) throw combined(failures);
  const told = fetched.find(({ metadata }) => metadata !== undefined)?.metadata;
  const displayName = String(told?.['name'] ?? project);
  return {
    project: { name: project, displayName },
    version,
    metadata: completeMetadata({ ...told, name: displayName, version }),
    files: fetched.map(({ file }) => file),
    documentation: undefined,
  };
}

interface Fetched {
  readonly file: PushedFile;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

async function fetchFile(
  context: FetchContext,
  mirror: Index,
  link: Link,
  claim: { readonly name: string; readonly version: string },
): Promise<Fetched> {
  const { filename } = link;
  const stored = await context.mirrorFiles.store(mirror, decodeURIComponent(linkRelpath(link))).catch(refuse);
  // Stored anew, and so for an hour at least: the mirror may forget the file before the push is over.
  const content = await receiveStored(context, filename, stored);
  try {
    const archive = await checkArchive(context, content, claim);
    await content.incoming.keep();
    const sidecar = archive?.metadataBytes && (await storeBytes(context.files, archive.metadataBytes));
    const uploadedAt = Date.parse(link.uploadTime ?? '');
    return {
      metadata: archive?.metadata && { ...archive.metadata },
      file: {
        filename,
        size: content.size,
        ...content.digests,
        sidecar: sidecar && { sha256: sidecar.sha256, size: sidecar.size },
        requiresPython: link.requiresPython ?? (String(archive?.metadata?.['requires_python'] ?? '') || null),
        yanked: link.yanked ?? null,
        uploadedAt: Number.isNaN(uploadedAt) ? stored.modifiedAt : uploadedAt,
        log: [],
        results: [],
      },
    };
  } finally {
    await content.incoming.release();
  }
}

/** Whose answer is wrong is never the sender of the push. */
function refuse(error: unknown): never {
  if (error instanceof AppError && error.kind.status < 500)
    throw new AppError(packagesErrors.upstreamFailed, error.message, { cause: error });
  throw error;
}

async function receiveStored(
  { files }: PackagesContext,
  filename: string,
  { sha256, size: expected }: { readonly sha256: string; readonly size: number },
): Promise<FormFile> {
  const open = await openWhole(files, { sha256, size: expected });
  const incoming = await files.receive();
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (let read = await open.next(buffer); read.length > 0; read = await open.next(buffer)) {
      await incoming.write(read);
    }
    const { size, ...digests } = await incoming.finish();
    return { filename, digests, size, incoming };
  } catch (error) {
    await incoming.release();
    throw error;
  } finally {
    open.release();
  }
}
