import { open, type FileHandle } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
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
  // Once the file is stored it has left the place where it arrived.
  await using file = await open(await download.path, 'r').catch(() => undefined);
  if (file === undefined) return false;
  const length = size === undefined ? [] : ['Content-Length', String(size)];
  response.writeHead(200, [...headers, ...length]);
  if (request.method === 'HEAD') {
    response.end();
    return true;
  }
  const client = new Client(request, response);
  try {
    await copy(client, file, download);
  } catch {
    response.destroy();
  } finally {
    client.release();
  }
  return true;
}

async function copy(client: Client, file: FileHandle, download: Download): Promise<void> {
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
    const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK, available - position), position);
    if (bytesRead === 0) throw new Error('the arriving file is shorter than it was');
    position += bytesRead;
    await client.write(buffer.subarray(0, bytesRead));
  }
}

/** Who reads the answer, and may leave at any moment: then nothing waits any longer. */
class Client {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #wake = (): void => undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    // The response of a pipelined request is not told when its connection closes.
    request.socket.once('close', this.#leave);
    // Writing to a client that has just left is no failure of ours.
    response.on('error', this.#leave);
  }

  get isGone(): boolean {
    return this.#response.destroyed || this.#request.socket.destroyed;
  }

  async unlessGone(start: (resolve: () => void) => void): Promise<void> {
    if (this.isGone) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    start(resolve);
    await promise;
  }

  /** Resolves when the bytes left for the network. */
  async write(chunk: Buffer): Promise<void> {
    await this.unlessGone((resolve) => void this.#response.write(chunk, () => resolve()));
  }

  end(): void {
    this.#response.end();
  }

  release(): void {
    this.#request.socket.off('close', this.#leave);
  }

  readonly #leave = (): void => this.#wake();
}
