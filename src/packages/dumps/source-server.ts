import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { AppError } from '#kernel/errors/app-error.ts';
import { trustedFetch, Unreachable } from '#kernel/http/trusted-fetch.ts';
import { withoutTrailingSlashes } from '#kernel/http/slashes.ts';
import { packagesErrors } from '../errors.ts';

/** Who asks a server. */
export interface SourceLogin {
  readonly user: string;
  readonly password: string;
}

const SILENCE_MS = 60_000;
const MAX_JSON_BYTES = 512 * 1024 ** 2;
const TRIES = 3;

/** A devpi-server, or another Wheelhouse, that serves while somebody moves away from it. */
export class SourceServer {
  readonly url: string;
  #authorization: string | undefined;

  constructor(url: string) {
    this.url = withoutTrailingSlashes(url);
  }

  /** Asks for a token, so that the password is sent once; throws `packages.source-failed`. */
  async logIn({ user, password }: SourceLogin): Promise<void> {
    const response = await this.#fetch('/+login', {
      method: 'POST',
      body: JSON.stringify({ user, password }),
      headers: { 'content-type': 'application/json' },
    });
    if (response.status !== 200) throw failed(`${this.url} does not let ${user} log in (${response.status})`);
    const { result } = (await response.json()) as { result?: { password?: unknown } };
    this.#authorization = Buffer.from(`${user}:${String(result?.password)}`).toString('base64');
  }

  /** The `result` of a JSON answer; undefined for 404, since what serves may change meanwhile. */
  async result(path: string): Promise<unknown> {
    const response = await this.#again(() => this.#fetch(path));
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    if (response.status !== 200) throw failed(`${this.url}${path} answered ${response.status}`);
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (text.length > MAX_JSON_BYTES)
        throw failed(`${this.url}${path} has more than ${MAX_JSON_BYTES} bytes`);
    }
    try {
      return (JSON.parse(text) as { result?: unknown }).result;
    } catch (cause) {
      throw new AppError(packagesErrors.sourceFailed, `${this.url}${path} answered no JSON`, { cause });
    }
  }

  /**
   * Writes a file to a path, or returns what is wrong: it is gone, or its bytes have another hash, also when they are asked for
   * again.
   */
  async download(
    path: string,
    to: string,
    [algorithm, digest]: readonly [algorithm: string, digest: string],
  ): Promise<string | undefined> {
    let found = '';
    for (let tried = 0; tried < TRIES; tried += 1) {
      const response = await this.#again(() => this.#fetch(path, { headers: { accept: '*/*' } }));
      if (response.status !== 200) {
        await response.body?.cancel();
        return `answered ${response.status}`;
      }
      const hash = createHash(algorithm);
      const file = await open(to, 'w', 0o600);
      try {
        for await (const chunk of response.body ?? []) {
          hash.update(chunk as Uint8Array);
          await file.writeFile(chunk as Uint8Array);
        }
        await file.datasync();
      } finally {
        await file.close();
      }
      found = hash.digest('hex');
      if (found === digest) return undefined;
    }
    return `has the ${algorithm} ${found}, not ${digest}`;
  }

  async #again(ask: () => Promise<Response>): Promise<Response> {
    for (let tried = 1; ; tried += 1) {
      const response = await ask();
      if (response.status < 500 || tried >= TRIES) return response;
      await response.body?.cancel();
      await new Promise((done) => setTimeout(done, 500 * tried));
    }
  }

  async #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = {
      accept: 'application/json',
      ...(init.headers as Record<string, string> | undefined),
      ...(this.#authorization !== undefined && { 'x-devpi-auth': this.#authorization }),
    };
    try {
      return await trustedFetch(this.url + path, {
        ...init,
        headers,
        // A redirect to elsewhere would get the login.
        redirect: 'manual',
        signal: AbortSignal.timeout(SILENCE_MS * 10),
      });
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      throw new AppError(packagesErrors.sourceFailed, error.message, {
        cause: error,
        ...(error.hint !== undefined && { hint: error.hint }),
      });
    }
  }
}

export function failed(detail: string): AppError {
  return new AppError(packagesErrors.sourceFailed, detail);
}
