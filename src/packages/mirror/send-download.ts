import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingReader } from '#kernel/files/files.ts';
import { Client } from '../files/client.ts';
import type { Download } from './download.ts';

const CHUNK = 256 * 1024;

/**
 * Sends a file while it is still arriving: whole, whatever range was asked for, which RFC 9110 allows. The last byte is
 * held back until the hash was found right, so that a client can never end up with a complete wrong file: it sees the
 * connection break instead. Headers are flat pairs. Returns false, with nothing sent, if the file is stored already.
 */
export async function sendDownload(
  request: IncomingMessage,
  response: ServerResponse,
  download: Download,
  headers: readonly string[],
): Promise<boolean> {
  const size = await download.announced;
  await using file = await download.read();
  if (file === undefined) return false;
  const length = size === undefined ? [] : ['Content-Length', String(size)];
  response.writeHead(200, [...headers, ...length]);
  if (request.method === 'HEAD') {
    response.end();
    return true;
  }
  const client = new Client(response);
  try {
    await copy(client, file, download);
  } catch {
    response.destroy();
  } finally {
    client.release();
  }
  return true;
}

async function copy(client: Client, file: IncomingReader, download: Download): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let position = 0; !client.isGone;) {
    const { changed, isStored, hasFailed, arrived } = download;
    if (hasFailed) throw new Error('the file will never be complete');
    if (isStored && position === arrived) {
      client.end();
      return;
    }
    const available = isStored ? arrived : arrived - 1;
    if (available <= position) {
      await client.unlessGone((resolve) => void changed.then(resolve));
      continue;
    }
    const wanted = Math.min(CHUNK, available - position);
    const bytesRead = await file.read(buffer.subarray(0, wanted), position);
    if (bytesRead === 0) throw new Error('the arriving file is shorter than it was');
    position += bytesRead;
    await client.write(buffer.subarray(0, bytesRead));
  }
}
