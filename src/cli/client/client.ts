import { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Operation } from '#kernel/http/operation.ts';
import type { Params } from '#kernel/http/route.ts';
import type { Exchanged } from '#kernel/http/trusted-exchange.ts';
import { Unreachable } from '#kernel/http/trusted-fetch.ts';
import { cliErrors } from '../errors.ts';
import { headersOf, type Credentials } from './credentials.ts';
import { readServerUrl } from './server-url.ts';

const TIMEOUT_MS = 60_000;
const MAX_HOPS = 5;

export interface ClientOptions {
  readonly credentials?: Credentials | undefined;
  readonly timeoutMs?: number;
}

type ParamsInput<Path extends string> = keyof Params<Path> extends never
  ? { readonly params?: undefined }
  : { readonly params: Params<Path> };

type BodyInput<Each extends Operation> = Each['request'] extends z.ZodType
  ? { readonly body: z.input<Each['request']> }
  : { readonly body?: undefined };

/** What a request of an operation needs. */
export type Input<Each extends Operation> = ParamsInput<Each['path']> &
  BodyInput<Each> & { readonly query?: Readonly<Record<string, string | number | undefined>> };

/** What an operation answers, checked; nothing where it answers with something else than JSON. */
export type Answer<Each extends Operation> = Each['response'] extends z.ZodType
  ? z.output<Each['response']>
  : undefined;

export interface RawAnswer {
  readonly headers: Exchanged['headers'];
  /** Undefined if the answer is no JSON. */
  readonly json: unknown;
}

export interface SendOptions {
  /** It is success to be sent to another address of the server, where the result can be seen. */
  readonly isMoved?: boolean;
  /** What is an answer, whatever its status says. */
  readonly isAnswer?: (json: unknown) => boolean;
  readonly timeoutMs?: number;
}

export interface StreamedBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly stream: AsyncIterable<Uint8Array>;
}

/** The interface of a server as its contracts describe it: the one way in which commands ask for anything. */
export class Client {
  readonly url: string;
  readonly credentials: Credentials | undefined;
  readonly #timeoutMs: number;

  /** `url` as a person writes it; throws `cli.bad-argument`. */
  constructor(url: string, { credentials, timeoutMs = TIMEOUT_MS }: ClientOptions = {}) {
    this.url = readServerUrl(url);
    this.credentials = credentials;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Asks for an operation. Request and answer must be what the contract says. What the server refuses is thrown as
   * `cli.server-refused` with the server's own sentence and hint; a server that is not there, or is no Wheelhouse, as
   * `cli.server-unreachable`.
   */
  async call<const Each extends Operation>(operation: Each, input: Input<Each>): Promise<Answer<Each>> {
    const { method, path, request, response: schema } = operation;
    const { params, query = {}, body } = input as Input<Operation>;
    const url = new URL(`${this.url}${fillPath(path, params ?? {})}`);
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const checked = request === undefined ? undefined : checkBody(request, body);
    const { json } = await this.send(method, url, checked);
    if (schema === undefined) return undefined as Answer<Each>;
    const result = schema.safeParse(json);
    if (result.success) return result.data as Answer<Each>;
    throw this.#stranger();
  }

  /** Sends any request to an address of this server, with a body of JSON if there is one; throws as `call` does. */
  async send(
    method: string,
    url: URL,
    body?: unknown,
    { isMoved = false, isAnswer, timeoutMs = this.#timeoutMs }: SendOptions = {},
  ): Promise<RawAnswer> {
    if (url.origin !== new URL(this.url).origin) throw new Error(`${url.origin} is another server`);
    const answer = await this.#exchange(url, method, { body, timeoutMs });
    const target = URL.parse(answer.headers.location ?? '', url);
    const isOk = answer.status >= 200 && answer.status < 300;
    const json = parseJson(answer.text);
    const isDone =
      isOk ||
      isAnswer?.(json) === true ||
      (isMoved && answer.status === 302 && target?.origin === url.origin);
    if (!isDone) throw await this.#refusal(answer, url);
    return { headers: answer.headers, json };
  }

  /**
   * Sends a body that is read while it is sent, for as long as that takes; throws as `call` does, and the reason of the
   * signal when it is aborted.
   */
  async stream(
    url: URL,
    body: StreamedBody,
    signal: AbortSignal,
    method: 'POST' | 'PUT' = 'POST',
  ): Promise<void> {
    const headers = { accept: 'application/json', ...headersOf(this.credentials), ...body.headers };
    const init = { method, headers, body: body.stream, signal };
    try {
      const { trustedExchange } = await import('#kernel/http/trusted-exchange.ts');
      const answer = await reached(trustedExchange(url, init));
      if (answer.status < 200 || answer.status >= 300) throw await this.#refusal(answer, url);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }

  /**
   * Reads the bytes at an address that the server gave, as they come. Elsewhere, as where a mirror sends to its upstream, no
   * credentials are shown; throws as `call` does.
   */
  async download(href: string, sink: (chunk: Uint8Array) => void | Promise<void>): Promise<void> {
    const { trustedFetch } = await import('#kernel/http/trusted-fetch.ts');
    let url = new URL(href);
    for (let hops = 0; ; hops += 1) {
      const headers = url.origin === new URL(this.url).origin ? headersOf(this.credentials) : {};
      const response = await reached(trustedFetch(url.href, { headers, redirect: 'manual' }));
      const { status } = response;
      const location = response.headers.get('location');
      if (status >= 300 && status < 400 && location !== null && hops < MAX_HOPS) {
        url = new URL(location, url);
        continue;
      }
      if (!response.ok) {
        const text = await response.text();
        throw await this.#refusal({ status, headers: Object.fromEntries(response.headers), text }, url);
      }
      try {
        for await (const chunk of response.body ?? []) await sink(chunk as Uint8Array);
      } catch (cause) {
        if (!(cause instanceof TypeError)) throw cause;
        throw new AppError(cliErrors.serverUnreachable, `the connection to ${url.host} broke`, { cause });
      }
      return;
    }
  }

  /** The JSON at an address of this server, if it has the form of `schema`; throws as `call` does. */
  async ask<Schema extends z.ZodType>(url: URL, schema: Schema): Promise<z.output<Schema>> {
    const result = schema.safeParse((await this.send('GET', url)).json);
    if (result.success) return result.data;
    throw this.#stranger();
  }

  /**
   * An address that the server gave, as this client asks it. Throws `cli.server-unreachable` for one elsewhere: it must not get the
   * credentials.
   */
  addressOf(href: string): URL {
    const url = URL.parse(href, `${this.url}/`);
    if (url?.origin === new URL(this.url).origin) return url;
    throw new AppError(cliErrors.serverUnreachable, `${this.url} names an address elsewhere: ${href}`, {
      hint: 'use the address that the server gives for itself',
    });
  }

  /** Another address must not get the credentials, nor a different request than was meant: nothing is followed. */
  async #exchange(
    url: URL,
    method: string,
    { body, timeoutMs = this.#timeoutMs }: { readonly body?: unknown; readonly timeoutMs?: number } = {},
  ): Promise<Exchanged> {
    const headers = {
      accept: 'application/json',
      ...headersOf(this.credentials),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const { trustedExchange } = await import('#kernel/http/trusted-exchange.ts');
    const signal = AbortSignal.timeout(timeoutMs);
    const text = body === undefined ? undefined : JSON.stringify(body);
    return await reached(trustedExchange(url, { method, headers, signal, body: text }));
  }

  /** Its kind has the status that the server answered with. */
  async #refusal({ status, headers, text }: Exchanged, url: URL): Promise<AppError> {
    const { location } = headers;
    if (status < 400 && location !== undefined) {
      const target = URL.parse(location, this.url)?.origin ?? 'another address';
      return new AppError(cliErrors.serverUnreachable, `${this.url} sends to ${target}`, {
        hint: 'name the address where the server itself answers',
      });
    }
    const problem = Problem.safeParse(parseJson(text));
    if (!problem.success) return this.#stranger(status);
    const { detail, message, title, hint } = problem.data;
    const words = detail ?? message ?? title ?? `the server answered ${status}`;
    const isLogin = url.pathname.endsWith('/+login');
    const wantsLogin = status === 401 || (status === 403 && !(await this.#isKnown()));
    const advice = wantsLogin && !isLogin ? this.#loginHint() : hint;
    const kind = { ...cliErrors.serverRefused, status };
    return new AppError(kind, words, { ...(advice !== undefined && { hint: advice }) });
  }

  /** Whether the server takes the credentials for somebody: to a stranger, too, it says 403 where changing is forbidden. */
  async #isKnown(): Promise<boolean> {
    if (this.credentials === undefined) return false;
    const { text } = await this.#exchange(new URL(`${this.url}/+api`), 'GET');
    const api = Api.safeParse(parseJson(text));
    return !api.success || api.data.result.authstatus[0] === 'ok';
  }

  #loginHint(): string {
    const shown = this.credentials;
    if (shown?.kind === 'token')
      return 'the API token is not accepted; make a new one: wheelhouse token create';
    const words =
      shown === undefined ? 'log in: wheelhouse login USER' : `log in again: wheelhouse login ${shown.user}`;
    return `${words} --server ${this.url}`;
  }

  #stranger(status?: number): AppError {
    const answer = status === undefined ? '' : `, but with ${status}`;
    return new AppError(
      { ...cliErrors.serverUnreachable, ...(status !== undefined && { status }) },
      `${this.url} does not answer as Wheelhouse does${answer}`,
    );
  }
}

/** Problem details (RFC 9457), and devpi's `message`. */
const Problem = z.looseObject({
  title: z.string().optional(),
  detail: z.string().optional(),
  message: z.string().optional(),
  hint: z.string().optional(),
});

const Api = z.looseObject({ result: z.looseObject({ authstatus: z.array(z.unknown()).min(1) }) });

/** Tells readers what `Unreachable` says. */
async function reached<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (cause) {
    if (!(cause instanceof Unreachable)) throw cause;
    throw new AppError(cliErrors.serverUnreachable, cause.message, {
      cause,
      ...(cause.hint !== undefined && { hint: cause.hint }),
    });
  }
}

function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/:(\w+)/g, (_parameter, name: string) => encodeURIComponent(params[name] ?? ''));
}

function checkBody(schema: z.ZodType, body: unknown): unknown {
  const result = schema.safeParse(body);
  if (result.success) return body;
  const [issue] = result.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new AppError(cliErrors.badArgument, `${field}${issue?.message ?? 'the request is malformed'}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
