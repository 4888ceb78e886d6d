import { expect } from 'vitest';
import type { AccountsContext } from '../../src/accounts/context.ts';
import { startSession } from '../../src/accounts/sessions/start-session.ts';
import type { TestApp, TestUser } from './app.ts';

/** A browser that is logged in. */
export interface TestSession {
  readonly id: string;
  /** The value of the `Cookie` header. */
  readonly cookie: string;
  /** The `Set-Cookie` header that gave it. */
  readonly setCookie: string;
}

/** Logs a browser in, as one that reaches this server under the URL, or another one under the same path. */
export async function startTestSession(
  app: TestApp,
  { name, auth }: TestUser,
  { outsideUrl = app.url, agent = 'Mozilla/5.0 (X11; Linux x86_64) Test' } = {},
): Promise<TestSession> {
  const { session, setCookie } = await startSession(app.context as AccountsContext, {
    user: name,
    password: auth[1],
    address: '192.0.2.7',
    visit: { headers: { host: new URL(outsideUrl).host, 'user-agent': agent }, outsideUrl },
  });
  const cookie = setCookie.split(';')[0] ?? '';
  expect(cookie).toMatch(/^[\w-]+=[\w-]{43}$/);
  return { id: session.id, cookie, setCookie };
}
