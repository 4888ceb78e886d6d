import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { IncomingFile } from '#kernel/files/files.ts';
import { inBatches } from '#kernel/in-batches.ts';
import type { Progress } from '#kernel/progress.ts';
import { packagesErrors } from '../../errors.ts';
import { packagesEvents } from '../../events.ts';
import { contentTypeOf } from '../../files/content-type.ts';
import { getIndex } from '../../indexes/find.ts';
import { type Index, fullName } from '../../model/index.ts';
import { neededDigests } from '#kernel/stored-bytes/store.ts';
import { storedBytes } from '../../stored-bytes.ts';
import type { Link } from '../link.ts';
import { StoredPage } from '../stored-page.ts';
import { METADATA_TYPE } from '../../model/metadata-file.ts';
import { readBundle, type BundledBytes, type BundledProject } from './read-bundle.ts';
import { findReservation } from '../reserved-names.ts';
import { unknownUrl } from '../unknown-url.ts';
import {
  findMirrorProject,
  saveMirrorFile,
  saveMirrorProject,
  upstreamOf,
  type StoredProject,
} from '../store.ts';
import type { UpstreamPage } from '../upstream/upstream-page.ts';
import { packagesConfig } from '../../settings.ts';

export interface BundleImport {
  readonly path: string;
  /** The mirror that takes the files. */
  readonly user: string;
  readonly index: string;
  /** What the bundle must be, if the caller was told by another way. */
  readonly sha256?: string;
}

export interface ImportedBundle {
  /** `user/name` of the mirror. */
  readonly index: string;
  readonly projects: number;
  readonly files: number;
  /** Sidecars included. */
  readonly bytes: number;
  /** Of the bundle. */
  readonly sha256: string;
}

/**
 * Puts the files of a bundle into a mirror, as if they had been fetched from upstream. All bytes are verified and
 * durable before the first row is written; a bundle with anything wrong leaves nothing behind. No server may have the
 * directory open. What the mirror knows of a project stays, and counts as old, so that a server on line asks anew.
 */
export async function importBundle(
  context: Context,
  input: BundleImport,
  progress: Progress,
): Promise<ImportedBundle> {
  const { db, files, config, clock } = context;
  const index = await getIndex(db, input.user, input.index);
  if (index.type !== 'mirror') {
    throw new AppError(packagesErrors.bundleNeedsMirror, `${fullName(index)} is a ${index.type}`);
  }
  const arrived: { readonly bytes: BundledBytes; readonly incoming: IncomingFile }[] = [];
  const take = async (bytes: BundledBytes, chunks: AsyncIterable<Buffer>) => {
    const incoming = await files.receive();
    arrived.push({ bytes, incoming });
    for await (const chunk of chunks) await incoming.write(chunk);
    await incoming.finish();
    await incoming.keep();
  };
  const limits = { maxFileBytes: packagesConfig(config)['packages.max-upload-bytes'] };
  try {
    const { projects, sha256 } = await readBundle(input.path, limits, take, progress);
    if (input.sha256 !== undefined && input.sha256 !== sha256) {
      throw new AppError(
        packagesErrors.invalidBundle,
        `the bundle has the sha256 ${sha256}, not ${input.sha256}`,
      );
    }
    const merged = new Map<string, StoredProject>();
    for (const [name, project] of projects)
      merged.set(name, await mergeProject(context, index, name, project));

    progress.step('writing the index');
    const byProject = Map.groupBy(arrived, ({ bytes }) => bytes.project);
    const storedAt = clock.now();
    for (const [project, stored] of merged) {
      await context.events.change(async (tx, emit) => {
        const ofProject = byProject.get(project) ?? [];
        for (const { bytes } of ofProject) {
          const { relpath, sha256, size, isSidecar } = bytes;
          const contentType = isSidecar ? METADATA_TYPE : contentTypeOf(relpath);
          await saveMirrorFile(tx, {
            indexId: index.id,
            relpath,
            project,
            sha256,
            size,
            contentType,
            storedAt,
          });
        }
        await saveMirrorProject(tx, index.id, project, stored);
        const data = { index: fullName(index), project, files: projects.get(project)?.files.length ?? 0 };
        emit(packagesEvents.bundleImported, { actor: null, about: index.id, data });
      });
    }
    return {
      index: fullName(index),
      projects: projects.size,
      files: arrived.filter(({ bytes }) => !bytes.isSidecar).length,
      bytes: arrived.reduce((sum, { bytes }) => sum + bytes.size, 0),
      sha256,
    };
  } catch (error) {
    await removeUnused(context, arrived);
    throw error;
  } finally {
    for (const { incoming } of arrived) await incoming.release();
  }
}

/** The page to store; throws if the bundle and what is known cannot both be true. */
async function mergeProject(
  { db }: Context,
  index: Index,
  name: string,
  { page: added }: BundledProject,
): Promise<StoredProject> {
  const reservation = findReservation(index, name);
  if (reservation !== undefined) {
    const detail = `${name} is reserved on ${fullName(index)} by mirror_reserved_names (${reservation})`;
    throw new AppError(packagesErrors.bundleConflict, detail, { hint: 'nothing was imported' });
  }
  const stored = await findMirrorProject(db, index, name);
  const known = await stored?.page.read();
  const links = new Map(known?.files.map((link) => [link.filename, link]));
  for (const link of added.files) {
    links.set(link.filename, mergeLink(index, name, link, links.get(link.filename)));
  }
  const page: UpstreamPage = {
    files: [...links.values()],
    versions: [...new Set([...(known?.versions ?? []), ...added.files.map(({ version }) => version)])].filter(
      (version) => version !== '',
    ),
    status: known?.status ?? added.status,
    serial: known?.serial,
    dropped: [],
    droppedCount: 0,
  };
  return {
    upstream: upstreamOf(index),
    page: await StoredPage.pack(page),
    // Without an ETag upstream cannot answer that nothing has changed.
    etag: null,
    serial: stored?.serial ?? null,
    expiresAt: 0,
  };
}

function mergeLink(index: Index, project: string, link: Link, known: Link | undefined): Link {
  const sha256 = known?.hashes['sha256'];
  if (known === undefined || sha256 === undefined)
    return { ...link, url: known?.url ?? unknownUrl(index, project, link) };
  const sidecar = link.coreMetadata ?? known.coreMetadata;
  const isSame =
    sha256 === link.hashes['sha256'] &&
    !(
      typeof known.coreMetadata === 'string' &&
      typeof sidecar === 'string' &&
      known.coreMetadata !== sidecar
    );
  if (isSame) return { ...known, coreMetadata: sidecar };
  throw new AppError(
    packagesErrors.bundleConflict,
    `${link.filename} is known on ${fullName(index)} with the sha256 ${sha256}, but the bundle has another one`,
  );
}

/** Bytes that no row needs, after a failure: a bad bundle must not fill the disk. */
async function removeUnused(
  { db, files }: Context,
  arrived: readonly { readonly bytes: BundledBytes; readonly incoming: IncomingFile }[],
): Promise<void> {
  for (const { incoming } of arrived) await incoming.release();
  for await (const batch of inBatches(arrived, 500)) {
    const digests = batch.map(({ bytes }) => bytes.sha256);
    const needed = await neededDigests(storedBytes, db, digests);
    for (const sha256 of digests) if (!needed.has(sha256)) await files.remove(sha256, Infinity);
  }
}
