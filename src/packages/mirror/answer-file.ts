import type { FastifyReply, FastifyRequest } from 'fastify';
import type { KeepServed } from '../files/find-served.ts';
import { fileCaching, sendFile, type FileSource, type ServedFile } from '../files/send-file.ts';
import type { Index } from '../model/index.ts';
import type { Download } from './download.ts';
import type { MirrorFiles } from './mirror-files.ts';
import { sendDownload } from './send-download.ts';

export interface AnswerFile {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly index: Index;
  /** Set where not everybody may read the index: the index. */
  readonly privateTo: Index | undefined;
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
  { keep, source }: { readonly keep: KeepServed; readonly source: FileSource },
  { request, reply, index, privateTo, relpath }: AnswerFile,
): Promise<void> {
  const path = request.url.split('?')[0] ?? '';
  const readers = privateTo === undefined ? {} : { privateTo };
  const send = async (stored: ServedFile) => {
    const file = { ...stored, ...readers };
    keep(path, file);
    await sendFile(request.raw, reply.raw, source, file, []);
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
    fileCaching(readers),
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
