import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServedFiles } from '../files/served-files.ts';
import { FILE_CACHE_CONTROL, sendFile, type ServedFile } from '../files/send-file.ts';
import type { Index } from '../indexes/store.ts';
import type { Download } from './download.ts';
import type { MirrorFiles } from './mirror-files.ts';
import { sendDownload } from './send-download.ts';

export interface AnswerFile {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly index: Index;
  /** What follows `user/index/`, decoded. */
  readonly relpath: string;
}

const MAX_WAITING_BYTES = 256 * 1024;

/**
 * Answers for a mirrored file: from the store, while it arrives, or by pointing to upstream. Throws before anything is
 * sent if there is no such file or upstream does not give it.
 */
export async function answerMirrorFile(
  mirrorFiles: MirrorFiles,
  { cache, source }: ServedFiles,
  { request, reply, index, relpath }: AnswerFile,
): Promise<void> {
  const path = request.url.split('?')[0] ?? '';
  const send = async (file: ServedFile) => {
    await sendFile(request.raw, reply.raw, source, await cache.get(path, async () => file), []);
    reply.hijack();
  };
  const answer = await mirrorFiles.get(index, relpath);
  if (answer.kind === 'external') {
    await reply.redirect(answer.url, 302);
    return;
  }
  if (answer.kind === 'stored') {
    await send(answer.file);
    return;
  }
  const { download, contentType, sha256 } = answer;
  const headers = [
    ['Content-Type', contentType],
    ['X-Content-Type-Options', 'nosniff'],
    ['Cache-Control', FILE_CACHE_CONTROL],
    ['Accept-Ranges', 'bytes'],
    ['X-Accel-Buffering', 'no'],
    ...(sha256 === undefined ? [] : [['ETag', `"${sha256}"`]]),
  ].flat();
  if (!(await isSoonStored(download, mirrorFiles.limits.smallFileMs))) {
    if (await sendDownload(request.raw, reply.raw, download, headers)) {
      reply.hijack();
      return;
    }
  }
  await download.stored;
  await send(await mirrorFiles.getStored(index, relpath));
}

/** Waits a little for a file that may be small: once it is complete, an error can still be told. */
async function isSoonStored(download: Download, patienceMs: number): Promise<boolean> {
  const size = await download.announced;
  if (size !== undefined && size > MAX_WAITING_BYTES) return false;
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), patienceMs);
  try {
    return await Promise.race([download.stored.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
