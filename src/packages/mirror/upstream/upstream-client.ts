import { Readable } from 'node:stream';
import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { AppError } from '#kernel/errors/app-error.ts';
import {
  describeCertificateFailure,
  isCertificateFailure,
  TRUST_HINT,
} from '#kernel/http/certificate-failure.ts';
import type { Proxies } from '#kernel/http/proxies.ts';
import { withoutTrailingSlashes } from '#kernel/http/slashes.ts';
import { packagesErrors } from '../../errors.ts';
import { isPrivateAddress, isPrivateHost } from './private-address.ts';

/** What an upstream is asked, and how long it may take. */
export interface UpstreamRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Redirects of a POST are answers: its body, and who sends it, are for the place that was named. */
  readonly method?: 'GET' | 'HEAD' | 'POST';
  /** Sent as it is, or as a stream with the length that the headers say. */
  readonly requestBody?: Buffer | (() => AsyncIterable<Uint8Array>);
  /** Until the head of the answer is there, redirects included. */
  readonly headTimeoutMs: number;
  /** Longest pause within the body. */
  readonly bodyTimeoutMs: number;
  readonly signal?: AbortSignal;
  /** Files have connections of their own: a page must not wait behind downloads. */
  readonly isFile?: boolean;
}

export interface UpstreamResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** After redirects: what relative links are relative to. */
  readonly url: string;
  readonly body: Dispatcher.ResponseData['body'];
}

export interface UpstreamClientOptions {
  readonly proxies?: Proxies;
  /** Whether the host of the URL itself may be at a private address. */
  readonly isTrusted?: boolean;
  /** What can be done where it may not. */
  readonly privateHint?: string;
  /** Instead of those in the URL. */
  readonly credentials?: { readonly username: string; readonly password: string };
}

const MAX_REDIRECTS = 5;
const MAX_CONNECTIONS = 32;
const CONNECT_TIMEOUT_MS = 5000;
const USER_AGENT = 'wheelhouse (+caching mirror)';
const DUMP = { limit: 64 * 1024 };

/**
 * Talks to one upstream: its credentials go to its own origin only, redirects are followed by us, and addresses that
 * are not public are refused, so that nobody can send requests into the operator's network; only the host of an URL
 * that an operator chose may be private. What is refused is told in one way, whether there is such a host or not.
 * Connections are kept alive and capped.
 */
export class UpstreamClient {
  readonly #base: URL;
  readonly #authorization: string | undefined;
  readonly #pages: Dispatcher;
  readonly #files: Dispatcher;
  readonly #isProxied: boolean;
  readonly #isTrusted: boolean;
  readonly #privateHint: string;

  constructor(
    mirrorUrl: string,
    { proxies = {}, isTrusted = false, privateHint = MIRROR_HINT, credentials }: UpstreamClientOptions = {},
  ) {
    this.#isTrusted = isTrusted;
    this.#privateHint = privateHint;
    this.#base = new URL(mirrorUrl);
    const { username, password } = this.#base;
    if (credentials !== undefined || username !== '' || password !== '') {
      const pair =
        credentials === undefined
          ? `${decodePart(username)}:${decodePart(password)}`
          : `${credentials.username}:${credentials.password}`;
      this.#authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
      this.#base.username = '';
      this.#base.password = '';
    }
    this.#isProxied = proxies.http !== undefined || proxies.https !== undefined;
    const options = {
      connections: MAX_CONNECTIONS,
      allowH2: false,
      connect: { timeout: CONNECT_TIMEOUT_MS, lookup: this.#lookup },
    };
    const createDispatcher = () =>
      this.#isProxied ? new EnvHttpProxyAgent({ ...options, ...proxyOptions(proxies) }) : new Agent(options);
    this.#pages = createDispatcher();
    this.#files = createDispatcher();
  }

  /** The mirror's URL without credentials, with a trailing slash. */
  get baseUrl(): string {
    return `${withoutTrailingSlashes(this.#base.href)}/`;
  }

  /** Answers whatever status upstream gives; throws `packages.upstream-…` when there is no answer. */
  async request(request: UpstreamRequest): Promise<UpstreamResponse> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), request.headTimeoutMs);
    const signal =
      request.signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, request.signal]);
    let url = new URL(request.url, this.#base);
    try {
      for (let hop = 0; ; hop += 1) {
        const response = await this.#send(url, { ...request, signal });
        const location = response.headers['location'];
        const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && request.method !== 'POST';
        if (!isRedirect || location === undefined) return response;
        await response.body.dump({ ...DUMP, signal });
        const next = URL.parse(location, url);
        if (hop >= MAX_REDIRECTS || next === null || !/^https?:$/.test(next.protocol)) {
          throw upstreamFailed(
            `${url.host} redirects ${hop >= MAX_REDIRECTS ? 'too often' : 'to a place that is no URL'}`,
          );
        }
        if (url.protocol === 'https:' && next.protocol === 'http:') {
          throw upstreamFailed(`${url.host} redirects from https to http`);
        }
        url = next;
      }
    } catch (error) {
      if (!timeout.signal.aborted) throw await this.#describeFailure(error, url);
      throw new AppError(packagesErrors.upstreamTimeout, `${url.host} does not answer in time`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets running requests finish; new ones fail. */
  async retire(): Promise<void> {
    await Promise.allSettled([this.#pages.close(), this.#files.close()]);
  }

  /** Breaks off what is running. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#pages.destroy(), this.#files.destroy()]);
  }

  async #send(
    url: URL,
    request: UpstreamRequest & { readonly signal: AbortSignal },
  ): Promise<UpstreamResponse> {
    if (!this.#mayBePrivate(url.hostname) && isPrivateHost(url.hostname)) throw this.#notPublic(url);
    const isOwnOrigin = url.origin === this.#base.origin;
    const response = await (request.isFile === true ? this.#files : this.#pages).request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method ?? 'GET',
      headers: {
        'user-agent': USER_AGENT,
        ...request.headers,
        ...(isOwnOrigin && this.#authorization !== undefined && { authorization: this.#authorization }),
      },
      body: sentBody(request.requestBody),
      headersTimeout: request.headTimeoutMs,
      bodyTimeout: request.bodyTimeoutMs,
      signal: request.signal,
    });
    // Who reads the body hears of an error; when nobody does, as after `destroy`, it must not end the process.
    response.body.on('error', () => undefined);
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
    );
    return { status: response.statusCode, headers, url: url.href, body: response.body };
  }

  async #describeFailure(error: unknown, url: URL): Promise<unknown> {
    if (error instanceof AppError) return error;
    const { name, code } = error as { readonly name?: string; readonly code?: string };
    if (code === NOT_PUBLIC) return this.#notPublic(url);
    if (name === 'AbortError' || name === 'TimeoutError') return error;
    if (/TIMEOUT/.test(code ?? '')) {
      return new AppError(packagesErrors.upstreamTimeout, `${url.host} does not answer in time`, {
        cause: error,
      });
    }
    if (code !== undefined && isCertificateFailure(code)) {
      const direct = { isDirect: !this.#isProxied, lookup: this.#lookup };
      return new AppError(
        packagesErrors.upstreamFailed,
        await describeCertificateFailure(url, code, direct),
        { cause: error, hint: TRUST_HINT },
      );
    }
    return upstreamFailed(`cannot reach ${url.host}${code === undefined ? '' : ` (${code})`}`, error);
  }

  #notPublic({ host }: URL): AppError {
    const detail = `${host} is at a private address, or there is no such host`;
    return new AppError(packagesErrors.upstreamFailed, detail, { hint: this.#privateHint });
  }

  #mayBePrivate(hostname: string): boolean {
    return this.#isTrusted && hostname === this.#base.hostname;
  }

  readonly #lookup = (
    hostname: string,
    options: LookupOptions,
    callback: (
      error: NodeJS.ErrnoException | null,
      address: string | LookupAddress[],
      family?: number,
    ) => void,
  ): void => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const isPrivate = error !== null || addresses.some(({ address }) => isPrivateAddress(address));
      // Which names there are in the operator's network is nobody's business either.
      if (isPrivate && !this.#mayBePrivate(hostname)) {
        callback(Object.assign(new Error(`${hostname} has no public address`), { code: NOT_PUBLIC }), []);
      } else if (error !== null) callback(error, []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
    });
  };
}

/** Upstream did not answer as it must: 502. */
export function upstreamFailed(detail: string, cause?: unknown): AppError {
  return new AppError(packagesErrors.upstreamFailed, detail, { cause });
}

const NOT_PUBLIC = 'WHEELHOUSE_NOT_PUBLIC';

const MIRROR_HINT = 'only root may mirror a private address: let root set the mirror_url';

const UNREACHABLE =
  /^(?:ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT|UND_ERR_SOCKET)$/;

/** True if the failure is of the whole upstream, not of one page: then nothing else need be tried for a while. */
export function isUnreachable(error: unknown): boolean {
  const { code } = ((error as Error | undefined)?.cause ?? {}) as { readonly code?: string };
  return UNREACHABLE.test(code ?? '') || isCertificateFailure(code);
}

/** A stray percent sign in a password stands for itself. */
function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** All three, also empty: what is missing is read from the environment by undici itself. */
function proxyOptions({ http = '', https = '', except = '' }: Proxies) {
  return { httpProxy: http, httpsProxy: https, noProxy: except };
}

function sentBody(body: UpstreamRequest['requestBody']): Readable | Buffer | null {
  return typeof body === 'function' ? Readable.from(body()) : (body ?? null);
}
