import http from 'node:http';
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** As it came over the wire: not decompressed. */
  readonly body: Buffer;
}

export interface Request {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 32 });

/** One request with nothing added and nothing decoded, which is what a check of raw answers needs. */
export function send(url: string, { method = 'GET', headers = {}, body }: Request = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const request = http.request(
    url,
    { method, headers: { ...headers, ...length }, agent: keepAlive },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    },
  );
  request.on('error', reject);
  request.end(body);
  return promise;
}

const decoders = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) };

export type Encoding = 'identity' | keyof typeof decoders;

export async function decode(body: Buffer, encoding: Encoding): Promise<Buffer> {
  return encoding === 'identity' ? body : await decoders[encoding](body);
}

/** The start of a body, for error messages. */
export function excerpt(body: Buffer): string {
  return body.subarray(0, 300).toString('utf8').trim();
}
