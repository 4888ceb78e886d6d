import { once } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Secret } from '../config/secret.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { withoutTrailingSlashes } from '../http/slashes.ts';
import { Changes, PrimaryFacts } from './changes.ts';

export interface PrimaryClientOptions {
  readonly url: string;
  readonly token: Secret;
  /** Of this replica; unknown before the first contact. */
  readonly uuid?: string;
  readonly outsideUrl?: string | undefined;
}

/** A request that stands for a client's, or for this server's own. */
export interface PrimaryRequest {
  readonly method: string;
  /** With the query string. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly signal?: AbortSignal;
  /** Without a byte in either direction. */
  readonly silenceMs: number;
}

const CONNECT_MS = 5000;
const SILENCE_MS = 15_000;
/** The primary answers after so long even if nothing happened. */
export const WAIT_SECONDS = 5;

/** Asks the primary. Every failure to reach it is `kernel.primary-unreachable`. */
export class PrimaryClient {
  readonly url: string;
  readonly #token: Secret;
  readonly #own: Readonly<Record<string, string>>;
  readonly #agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };

  constructor({ url, token, uuid, outsideUrl }: PrimaryClientOptions) {
    this.url = withoutTrailingSlashes(url);
    this.#token = token;
    this.#own = {
      ...(uuid !== undefined && { 'x-devpi-replica-uuid': uuid }),
      ...(outsideUrl !== undefined && { 'x-devpi-replica-outside-url': outsideUrl }),
    };
  }

  /** Who the primary is. */
  async facts(): Promise<PrimaryFacts> {
    return PrimaryFacts.parse(JSON.parse(await this.#read('/+replication/primary')));
  }

  /** What happened after a serial; waits a while for something to happen. */
  async changes(
    since: number,
    { last, after }: { readonly last: string | undefined; readonly after: string },
    signal: AbortSignal,
  ): Promise<Changes> {
    const query = new URLSearchParams({
      since: String(since),
      wait: String(WAIT_SECONDS),
      after,
      ...(last !== undefined && { last }),
    }).toString();
    return Changes.parse(JSON.parse(await this.#read(`/+replication/changes?${query}`, signal)));
  }

  /** The bytes of a stored file from a position on. */
  async file(sha256: string, first: number, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await this.#ask(
      `/+replication/files/${sha256}`,
      signal,
      first === 0 ? {} : { range: `bytes=${first}-` },
    );
    if (response.statusCode !== (first === 0 ? 200 : 206)) throw await refused(response);
    return response;
  }

  /** Sends a request, whose body the caller writes; resolves with what to write to, and the answer to come. */
  send({ method, path, headers, signal, silenceMs }: PrimaryRequest, isReused = false) {
    const url = new URL(this.url + path);
    const isSecure = url.protocol === 'https:';
    const sent = (isSecure ? httpsRequest : httpRequest)(url, {
      method,
      headers,
      agent: isReused ? this.#agents[isSecure ? 'https' : 'http'] : false,
      ...(signal && { signal }),
    });
    const connecting = setTimeout(() => sent.destroy(new Error('no connection in time')), CONNECT_MS);
    sent.once('socket', (socket) => {
      const isConnected = () => clearTimeout(connecting);
      if (socket.connecting) socket.once(isSecure ? 'secureConnect' : 'connect', isConnected);
      else isConnected();
    });
    sent.setTimeout(silenceMs, () => sent.destroy(new Error('the line is silent')));
    sent.once('close', () => clearTimeout(connecting));
    const answer = once(sent, 'response').then(
      ([response]) => response as IncomingMessage,
      (cause: unknown) => {
        throw this.#unreachable(cause);
      },
    );
    answer.catch(() => undefined);
    return { sent, answer };
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  async #ask(
    path: string,
    signal?: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<IncomingMessage> {
    const authorization = `Bearer ${this.#token.reveal()}`;
    const { sent, answer } = this.send(
      {
        method: 'GET',
        path,
        headers: { ...this.#own, ...headers, accept: 'application/json', authorization },
        silenceMs: SILENCE_MS,
        ...(signal && { signal }),
      },
      true,
    );
    sent.end();
    return await answer;
  }

  async #read(path: string, signal?: AbortSignal): Promise<string> {
    const response = await this.#ask(path, signal);
    if (response.statusCode !== 200) throw await refused(response);
    try {
      return await textOf(response);
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  #unreachable(cause: unknown): AppError {
    const { code, message } = cause as NodeJS.ErrnoException;
    return new AppError(
      kernelErrors.primaryUnreachable,
      `the primary ${this.url} does not answer (${code ?? message})`,
      { cause, headers: { 'retry-after': '10' } },
    );
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** An answer of the primary that is no success, in its own words. */
async function refused(response: IncomingMessage): Promise<AppError> {
  const text = await textOf(response).catch(() => '');
  const { code, message } = parse(text);
  const detail = (message ?? `status ${response.statusCode}`).slice(0, 300);
  if (code === kernelErrors.replicaDiverged.code) return new AppError(kernelErrors.replicaDiverged, detail);
  return new AppError(kernelErrors.primaryRefuses, `the primary refuses: ${detail}`);
}

function parse(text: string): { readonly code?: string; readonly message?: string } {
  try {
    return JSON.parse(text) as { code?: string; message?: string };
  } catch {
    return {};
  }
}
