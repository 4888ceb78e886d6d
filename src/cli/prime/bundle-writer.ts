import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pack, type Pack } from 'tar-stream';
import { BUNDLE_VERSION, fileRelpath, METADATA_SUFFIX, type BundleManifest } from '#packages/contract';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import type { Progress } from '#kernel/progress.ts';
import { formatBytes } from '../format-bytes.ts';
import type { FetchedLock } from './fetch-lock.ts';
import { download, Refusal, type Digest } from './index-client.ts';

export interface NewBundle extends Pick<FetchedLock, 'pages' | 'files'> {
  readonly path: string;
  /** `user/name`, for people. */
  readonly index: string;
  readonly createdAt: Date;
}

/**
 * Writes a bundle beside its final name and renames it when it is whole and on the disk. The files are read from the
 * server once more, which has them now, and verified once more. The same contents give the same bytes. Returns digest
 * and size of the bundle.
 */
export async function writeBundle(bundle: NewBundle, progress: Progress): Promise<Digest> {
  const part = `${bundle.path}.part`;
  const file = await open(part, 'w', 0o644).catch((cause: unknown) => {
    throw new AppError(cliErrors.badInputFile, `cannot write ${part}: ${(cause as Error).message}`, {
      cause,
    });
  });
  try {
    const tar = pack();
    const written = drain(tar, file);
    // The writer below fails first when the disk does; nobody waits for this promise then.
    written.catch((error: unknown) => tar.destroy(error as Error));
    await writeEntries(tar, bundle, progress);
    tar.finalize();
    const digest = await written;
    await file.sync();
    await file.close();
    await rename(part, bundle.path);
    const { syncDirectory } = await import('#kernel/files/sync-directory.ts');
    await syncDirectory(dirname(bundle.path));
    return digest;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(part, { force: true });
    if (error instanceof Refusal)
      throw new AppError(cliErrors.serverRefused, `no bundle was written: ${error.message}`, {
        cause: error,
      });
    throw error;
  }
}

async function writeEntries(tar: Pack, bundle: NewBundle, progress: Progress): Promise<void> {
  const { pages, files } = bundle;
  const used = new Set(files.map(({ wanted }) => wanted.project));
  const kept = [...pages].filter(([project]) => used.has(project)).sort(([a], [b]) => (a < b ? -1 : 1));
  await writeEntry(
    tar,
    'manifest.json',
    Buffer.from(`${JSON.stringify(manifestOf(bundle, kept), null, 2)}\n`),
  );
  for (const [project, body] of kept) await writeEntry(tar, `pages/${project}.json`, body);

  progress.step('writing the bundle');
  let bytes = 0;
  let done = 0;
  const copy = async (name: string, url: string, { sha256, size }: Digest) => {
    const entry = tar.entry(headerOf(name, size));
    const ended = once(entry, 'close');
    ended.catch(() => undefined);
    await download(url, { sha256: [sha256], size }, async (chunk) => {
      if (!entry.write(chunk)) await Promise.race([once(entry, 'drain'), ended]);
      progress.count(done, files.length, formatBytes((bytes += chunk.byteLength)));
    });
    entry.end(undefined);
    await ended;
  };
  for (const { wanted, sha256, size, sidecar } of files) {
    const name = `files/${fileRelpath(sha256, wanted.filename)}`;
    await copy(name, wanted.url, { sha256, size });
    if (sidecar !== undefined) await copy(name + METADATA_SUFFIX, wanted.url + METADATA_SUFFIX, sidecar);
    progress.count((done += 1), files.length, formatBytes(bytes));
  }
}

function manifestOf(
  { index, createdAt, files }: NewBundle,
  pages: readonly (readonly [string, Buffer])[],
): BundleManifest {
  return {
    format: 'wheelhouse-bundle',
    version: BUNDLE_VERSION,
    created: createdAt.toISOString(),
    index,
    pages: pages.map(([project, body]) => ({ project, sha256: sha256Of(body), size: body.byteLength })),
    files: files.map(({ wanted: { project, filename }, sha256, size, sidecar }) => ({
      project,
      filename,
      relpath: fileRelpath(sha256, filename),
      sha256,
      size,
      ...(sidecar !== undefined && { sidecar: { sha256: sidecar.sha256, size: sidecar.size } }),
    })),
  };
}

async function writeEntry(tar: Pack, name: string, body: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  tar.entry(headerOf(name, body.byteLength), body, (error) => (error ? reject(error) : resolve()));
  await promise;
}

/** The same for everybody: nothing of the machine, the user or the time. */
function headerOf(name: string, size: number) {
  return { name, size, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0 };
}

async function drain(tar: Pack, file: FileHandle): Promise<Digest> {
  const hash: Hash = createHash('sha256');
  let size = 0;
  for await (const chunk of tar) {
    const bytes = chunk as Buffer;
    hash.update(bytes);
    for (let offset = 0; offset < bytes.byteLength;) {
      offset += (await file.write(bytes, offset)).bytesWritten;
    }
    size += bytes.byteLength;
  }
  return { sha256: hash.digest('hex'), size };
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
