import type { FastifyRequest } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { parseFilename } from '#python/names/filename.ts';
import type { BuildsContext } from '../context.ts';
import { buildsErrors } from '../errors.ts';
import type { Build } from '../model/build.ts';
import { saveBroughtFile, type BroughtFile } from '../records/store.ts';
import { buildsConfig } from '../settings.ts';

export interface StoreWheel {
  readonly request: Pick<FastifyRequest, 'raw' | 'bodyGuard'>;
  readonly build: Build;
  readonly filename: string;
  /** What the builder says; compared with what arrives. */
  readonly sha256: string | undefined;
}

/** Takes a wheel that a builder brings: durable when this resolves, and on no index before the build ends. */
export async function storeWheel(
  context: BuildsContext,
  { request, build, filename, sha256 }: StoreWheel,
): Promise<BroughtFile> {
  const named = parseFilename(filename, build.project);
  if (named?.kind !== 'wheel' || named.project !== build.project)
    throw new AppError(buildsErrors.wrongFile, `'${filename.slice(0, 255)}' is no wheel of ${build.project}`);
  const max = buildsConfig(context.config)['builds.max-wheel-bytes'];
  const incoming = await context.files.receive();
  try {
    let size = 0;
    using _watch = request.bodyGuard.watch((error) => request.raw.destroy(error));
    for await (const chunk of request.raw) {
      size += (chunk as Buffer).length;
      if (size > max) {
        const hint = 'the setting builds.max-wheel-bytes sets the limit';
        throw new AppError(kernelErrors.bodyTooLarge, `the wheel is larger than ${max} bytes`, { hint });
      }
      await incoming.write(chunk as Buffer);
    }
    const { size: stored, ...digests } = await incoming.finish();
    if (sha256 !== digests.sha256) {
      const detail = `${filename} has sha256 ${digests.sha256}, the builder said ${sha256?.slice(0, 64) ?? 'none'}`;
      throw new AppError(buildsErrors.wrongFile, detail);
    }
    await incoming.keep();
    const file: BroughtFile = { filename, size: stored, digests };
    await saveBroughtFile(context.db, build.id, file);
    return file;
  } finally {
    await incoming.release();
  }
}
