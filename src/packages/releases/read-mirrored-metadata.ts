import { setTimeout as wait } from 'node:timers/promises';
import { parseCoreMetadata } from '#python/metadata/core-metadata.ts';
import type { PackagesContext } from '../context.ts';
import { openWhole } from '#kernel/files/open-whole.ts';
import { linkRelpath, type Link } from '../mirror/link.ts';
import type { MirrorFiles } from '../mirror/mirror-files.ts';
import { MAX_METADATA_BYTES, METADATA_SUFFIX } from '../model/metadata-file.ts';
import type { Index } from '../model/index.ts';
import { completeMetadata, type Metadata } from '../projects/metadata.ts';

/** How long a page waits for the metadata of upstream; the download goes on, and the next page has them. */
const PATIENCE_MS = 1500;

/** The metadata of a mirrored release, from the metadata file of one of its files; undefined if there is none in time. */
export async function readMirroredMetadata(
  context: PackagesContext & { readonly mirrorFiles: MirrorFiles },
  mirror: Index,
  links: readonly Link[],
): Promise<Metadata | undefined> {
  const link = links.find(({ coreMetadata }) => coreMetadata !== undefined);
  if (link === undefined) return undefined;
  const reading = read(context, mirror, decodeURIComponent(linkRelpath(link)) + METADATA_SUFFIX);
  const metadata = await Promise.race([
    reading.catch((error: unknown) => {
      context.log.info(
        { err: error, filename: link.filename },
        'the metadata of a mirrored file are not known',
      );
      return undefined;
    }),
    wait(PATIENCE_MS, undefined, { ref: false }),
  ]);
  return metadata;
}

async function read(
  { files, mirrorFiles }: PackagesContext & { readonly mirrorFiles: MirrorFiles },
  mirror: Index,
  relpath: string,
): Promise<Metadata | undefined> {
  const answer = await mirrorFiles.get(mirror, relpath);
  if (answer.kind === 'external') return undefined;
  if (answer.kind === 'arriving') await answer.download.stored;
  const stored = answer.kind === 'stored' ? answer.file : await mirrorFiles.getStored(mirror, relpath);
  if (stored.size > MAX_METADATA_BYTES) return undefined;
  const open = await openWhole(files, stored);
  try {
    const buffer = Buffer.alloc(open.size);
    let size = 0;
    for (let part = await open.next(buffer); part.length > 0; part = await open.next(buffer.subarray(size))) {
      size += part.length;
      if (size === buffer.length) break;
    }
    return completeMetadata({ ...parseCoreMetadata(buffer.subarray(0, size)) });
  } finally {
    open.release();
  }
}
