import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 15_000;
const MAX_BODY = 64 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, '0');

/** What came back, or why nothing did. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** The beginning of it. */
  readonly body: string;
  /** Of the request's body. */
  readonly sentBytes: number;
}

export interface Question {
  readonly method?: string;
  /** Exactly as it stands on the request line. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A body of so many bytes. */
  readonly bodyBytes?: number;
}

/**
 * Asks the server at this origin, without credentials. Certificates are not checked here: that is a finding of its own, and
 * what lies behind is of interest all the same.
 */
export async function ask(
  origin: URL,
  { method = 'GET', path, headers = {}, bodyBytes = 0 }: Question,
): Promise<Reply> {
  const isSecure = origin.protocol === 'https:';
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  let sentBytes = 0;
  const options = {
    host: origin.hostname.replace(/^\[|\]$/g, ''),
    port: origin.port === '' ? (isSecure ? 443 : 80) : Number(origin.port),
    method,
    path,
    headers: {
      accept: 'application/json',
      host: origin.host,
      ...(bodyBytes > 0 && { 'content-length': String(bodyBytes) }),
      ...headers,
    },
    agent: false as const,
    timeout: PATIENCE_MS,
  };
  const onAnswer = (answer: IncomingMessage): void => {
    let body = '';
    const finish = () =>
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body, sentBytes });
    answer.setEncoding('latin1').on('data', (text: string) => {
      body += text;
      if (body.length > MAX_BODY) finish();
    });
    for (const end of ['end', 'error', 'close']) answer.once(end, finish);
  };
  const sent = isSecure
    ? requestSecure({ ...options, rejectUnauthorized: false }, onAnswer)
    : requestPlain(options, onAnswer);
  sent.on('error', reject);
  sent.on('timeout', () => sent.destroy(new Error(`nothing came for ${PATIENCE_MS / 1000} seconds`)));
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    while (sentBytes < bodyBytes) {
      const chunk = CHUNK.subarray(0, Math.min(CHUNK.length, bodyBytes - sentBytes));
      const isTaken = sent.write(chunk);
      sentBytes += chunk.length;
      if (!isTaken) {
        const drained = new Promise<false>((done) => sent.once('drain', () => done(false)));
        if (await Promise.race([settled, drained])) break;
      } else if (await Promise.race([settled, sleep(0, false)])) break;
    }
    if (sentBytes >= bodyBytes) sent.end();
    return await promise;
  } finally {
    sent.destroy();
  }
}

/** True if this answer is of a Wheelhouse or devpi, and not of something before it. */
export function isOurs({ headers }: Reply): boolean {
  return headers['x-devpi-api-version'] !== undefined;
}

/** Who answered instead, as far as it says so. */
export function describeOther({ headers, status, body }: Reply): string {
  const title = /<title>([^<]{1,80})<\/title>/i.exec(body)?.[1];
  const server = headers.server ?? headers.via ?? 'something that gives no name';
  return `${server} answered ${status}${title === undefined ? '' : ` "${title}"`}`;
}
