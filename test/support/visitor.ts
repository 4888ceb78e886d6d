import { expect } from 'vitest';
import type { Auth, TestApp, TestResponse } from './app.ts';

const ACCEPT = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

/** Somebody with a browser without scripts: keeps cookies, reads pages and sends their forms. */
export class Visitor {
  readonly #app: TestApp;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #cookies = new Map<string, string>();

  /** `headers` are sent with every request. */
  constructor(app: TestApp, headers: Readonly<Record<string, string>> = {}) {
    this.#app = app;
    this.#headers = { accept: ACCEPT, host: `localhost:${new URL(app.url).port}`, ...headers };
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<TestResponse> {
    return this.#keep(await this.#app.get(path, this.#with(headers)));
  }

  /** Sends a form as a page of this server does, unless `headers` say otherwise. */
  async post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = { 'sec-fetch-site': 'same-origin' },
  ): Promise<TestResponse> {
    const body = new URLSearchParams(fields).toString();
    const form = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
    return this.#keep(await this.#app.request('POST', path, { body, headers: this.#with(form) }));
  }

  async logIn([user, password]: Auth): Promise<this> {
    const response = await this.post('/+login', { user, password });
    expect(response.status, response.text).toBe(303);
    return this;
  }

  #with(headers: Readonly<Record<string, string>>): Record<string, string> {
    return { ...this.#headers, ...(this.#cookies.size > 0 && { cookie: this.cookie }), ...headers };
  }

  #keep(response: TestResponse): TestResponse {
    const given = (response.headers as Readonly<Record<string, string | readonly string[]>>)['set-cookie'];
    for (const line of [given ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/;\s*max-age=0\b/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }
}
