import { open, type FileHandle } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Download } from './download.ts';

const CHUNK = 256 * 1024;

/**
 * Sends a file while it is still arriving: whole, whatever range was asked for, which RFC 9110 allows. The last byte is
 * held back until the hash was found right, so that a client can never end up with a complete wrong file: it sees the
 * connection break instead. Headers are flat pairs. Returns false, with nothing sent, if the size
 * is not known or the file is stored already.
 */
export async function sendDownload(
  request: IncomingMessage,
  response: ServerResponse,
  download: Download,
  headers: readonly string[],
): Promise<boolean> {
  const size = await download.announced;
  if (size === undefined || size === 0) return false;
  // Once the file is stored it has left the place where it arrived.
  await using file = await open(await download.path, 'r').catch(() => undefined);
  if (file === undefined) return false;
  response.writeHead(200, [...headers, 'Content-Length', String(size)]);
  if (request.method === 'HEAD') {
    response.end();
    return true;
  }
  try {
    await copy(response, file, download, size);
  } catch {
    response.destroy();
  }
  return true;
}

async function copy(
  response: ServerResponse,
  file: FileHandle,
  download: Download,
  size: number,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let position = 0; position < size && !response.destroyed;) {
    const changed = download.changed;
    const available = download.isStored ? size : Math.min(download.arrived, size - 1);
    if (available <= position) {
      await Promise.race([changed, download.stored]);
      continue;
    }
    const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK, available - position), position);
    if (bytesRead === 0) throw new Error('the arriving file is shorter than it was');
    position += bytesRead;
    await write(response, buffer.subarray(0, bytesRead));
  }
  response.end();
}

function write(response: ServerResponse, chunk: Buffer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.write(chunk, () => resolve());
  return promise;
}
