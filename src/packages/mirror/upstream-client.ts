import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { isPrivateAddress } from './private-address.ts';

/** What a mirror asks, and how long it waits. */
export interface UpstreamRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: 'GET' | 'HEAD';
  /** Until the head of the answer is there. */
  readonly headTimeoutMs: number;
  /** Longest pause within the body. */
  readonly bodyTimeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface UpstreamResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** After redirects: what relative links are relative to. */
  readonly url: string;
  readonly body: Dispatcher.ResponseData['body'];
}

const MAX_REDIRECTS = 5;
const MAX_CONNECTIONS = 32;
const CONNECT_TIMEOUT_MS = 5000;
const USER_AGENT = 'wheelhouse (+caching mirror)';

/**
 * Talks to one upstream: its credentials go to its own origin only, redirects are followed by us, and addresses that
 * are not public are refused unless the host is the one that the operator configured (no forged requests into the
 * operator's network). Connections are kept alive and capped. Honours HTTP(S)_PROXY and NO_PROXY.
 */
export class UpstreamClient {
  readonly #base: URL;
  readonly #authorization: string | undefined;
  readonly #dispatcher: Dispatcher;

  constructor(mirrorUrl: string, environment: Readonly<Record<string, string | undefined>>) {
    this.#base = new URL(mirrorUrl);
    const { username, password } = this.#base;
    if (username !== '' || password !== '') {
      const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      this.#authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
      this.#base.username = '';
      this.#base.password = '';
    }
    const isProxied = Object.keys(environment).some((name) => /^https?_proxy$/i.test(name));
    const options = {
      connections: MAX_CONNECTIONS,
      allowH2: false,
      connect: { timeout: CONNECT_TIMEOUT_MS, lookup: this.#lookup },
    };
    this.#dispatcher = isProxied ? new EnvHttpProxyAgent(options) : new Agent(options);
  }

  /** The mirror's URL without credentials, with a trailing slash. */
  get baseUrl(): string {
    return this.#base.href.replace(/\/*$/, '/');
  }

  /** Answers whatever status upstream gives; throws `packages.upstream-…` when there is no answer. */
  async request(request: UpstreamRequest): Promise<UpstreamResponse> {
    let url = new URL(request.url, this.#base);
    for (let hop = 0; ; hop += 1) {
      const response = await this.#send(url, request);
      const location = response.headers['location'];
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
      await response.body.dump();
      const next = URL.parse(location, url);
      if (hop >= MAX_REDIRECTS || next === null || !/^https?:$/.test(next.protocol)) {
        throw upstreamFailed(
          `${url.host} redirects ${hop >= MAX_REDIRECTS ? 'too often' : 'to a place that is no URL'}`,
        );
      }
      url = next;
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #send(url: URL, request: UpstreamRequest): Promise<UpstreamResponse> {
    if (
      isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0 &&
      !this.#isOwnHost(url.hostname) &&
      isPrivateAddress(url.hostname)
    ) {
      throw upstreamFailed(`upstream points to the private address ${url.hostname}`);
    }
    const isOwnOrigin = url.origin === this.#base.origin;
    try {
      const response = await this.#dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method ?? 'GET',
        headers: {
          'user-agent': USER_AGENT,
          ...request.headers,
          ...(isOwnOrigin && this.#authorization !== undefined && { authorization: this.#authorization }),
        },
        headersTimeout: request.headTimeoutMs,
        bodyTimeout: request.bodyTimeoutMs,
        ...(request.signal !== undefined && { signal: request.signal }),
      });
      const headers = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
      );
      return { status: response.statusCode, headers, url: url.href, body: response.body };
    } catch (error) {
      throw describeFailure(error, url);
    }
  }

  #isOwnHost(hostname: string): boolean {
    return hostname === this.#base.hostname;
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
      if (error !== null) callback(error, []);
      else if (!this.#isOwnHost(hostname) && addresses.some(({ address }) => isPrivateAddress(address))) {
        callback(Object.assign(new Error(`${hostname} has a private address`), { code: 'EPRIVATE' }), []);
      } else if (options.all === true) callback(null, addresses);
      else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
    });
  };
}

/** Upstream did not answer as it must: 502. */
export function upstreamFailed(detail: string, cause?: unknown): AppError {
  return new AppError(packagesErrors.upstreamFailed, detail, { cause });
}

function describeFailure(error: unknown, url: URL): unknown {
  if (error instanceof AppError) return error;
  const { name, code } = error as { readonly name?: string; readonly code?: string };
  if (name === 'AbortError') return error;
  if (/TIMEOUT/.test(code ?? '')) {
    return new AppError(packagesErrors.upstreamTimeout, `${url.host} does not answer in time`, {
      cause: error,
    });
  }
  return upstreamFailed(`cannot reach ${url.host}${code === undefined ? '' : ` (${code})`}`, error);
}
