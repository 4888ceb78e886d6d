import { hash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyRequest } from 'fastify';

const NAME = 'wheelhouse';
/** Browsers take a cookie of such a name from this very host over https only, so that no sibling host can plant one. */
const SECURE_NAME = `__Host-${NAME}`;
const SECRET_BYTES = 32;
const VALUE = /^[\w-]{43}$/;

/** What tells the name of the cookie. */
export type Visit = Pick<FastifyRequest, 'headers' | 'outsideUrl'>;

/** A new session's cookie: its secret, which `findSessionCookie` finds again, and the header that gives it to the browser. */
export interface NewCookie {
  readonly secret: string;
  readonly setCookie: string;
}

/** Makes a cookie that the browser keeps for these days. */
export function createSessionCookie(visit: Visit, days: number): NewCookie {
  const name = cookieName(visit);
  const value = randomBytes(SECRET_BYTES).toString('base64url');
  const setCookie = stringifySetCookie({ name, value, ...attributes(name), maxAge: days * 86_400 });
  return { secret: `${name}=${value}`, setCookie };
}

/** The header with which the browser forgets its session. */
export function forgetSessionCookie(visit: Visit): string {
  const name = cookieName(visit);
  return stringifySetCookie({ name, value: '', ...attributes(name), maxAge: 0 });
}

/**
 * Name and value of the session's cookie, if there is one that may be ours. The name belongs to the secret: what was given out over
 * https counts under its own name only, which nobody but this host can set.
 */
export function findSessionCookie({ cookie, host }: IncomingHttpHeaders): string | undefined {
  if (cookie === undefined || !cookie.includes(NAME)) return undefined;
  const cookies = parseCookie(cookie);
  for (const name of [SECURE_NAME, plainName(host)]) {
    const value = cookies[name];
    if (value !== undefined && VALUE.test(value)) return `${name}=${value}`;
  }
  return undefined;
}

/** What is stored of a session; a plain sha256, since nobody guesses 256 random bits. */
export function hashSession(secret: string): string {
  return hash('sha256', secret);
}

function cookieName({ headers, outsideUrl }: Visit): string {
  return outsideUrl.startsWith('https:') ? SECURE_NAME : plainName(headers.host);
}

/** Cookies do not tell ports apart, and servers on two of them must not end each other's sessions. */
function plainName(host: string | undefined): string {
  const [, port] = /:(\d{1,5})$/.exec(host ?? '') ?? [];
  return port === undefined ? NAME : `${NAME}-${port}`;
}

function attributes(name: string) {
  return { path: '/', httpOnly: true, sameSite: 'lax', secure: name === SECURE_NAME } as const;
}
