import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { fingerprintOf } from '../passwords/fingerprint.ts';

/** How long a login lasts, in seconds: devpi's ten hours (reference devpi.md 1.4). */
export const LOGIN_SECONDS = 36_000;

/** Lets secret scanners find leaked tokens. */
const PREFIX = 'whl-';

/** What a token claims, once its signature was found to be ours. */
export interface LoginToken {
  readonly user: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** Names this login. */
  readonly loginId: string;
  /** Of the stored password hash at the time of the login. */
  readonly fingerprint: string;
}

/**
 * Makes a token: `whl-` payload `.` signature, in characters that need no quoting in URLs. It carries a fingerprint of
 * the stored password hash, so that changing the password ends every login (devpi's outlive it, a defect).
 */
export function createLoginToken(secret: Buffer, user: string, passwordHash: string, now: number): string {
  const loginId = randomBytes(9).toString('base64url');
  const claims = [user, now + LOGIN_SECONDS * 1000, loginId, fingerprintOf(secret, passwordHash)];
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${PREFIX}${payload}.${sign(secret, payload).toString('base64url')}`;
}

/** True if the text has the form of a token, whoever made it: then it is no password. */
export function isLoginToken(text: string): boolean {
  return FORM.test(text);
}

/** The claims of a token that this installation signed; undefined for any other text. */
export function readLoginToken(secret: Buffer, text: string): LoginToken | undefined {
  const [, payload, signature] = FORM.exec(text) ?? [];
  if (payload === undefined || signature === undefined) return undefined;
  const given = Buffer.from(signature, 'base64url');
  const expected = sign(secret, payload);
  if (given.byteLength !== expected.byteLength || !timingSafeEqual(given, expected)) return undefined;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as [
    string,
    number,
    string,
    string,
  ];
  const [user, expiresAt, loginId, fingerprint] = claims;
  return { user, expiresAt, loginId, fingerprint };
}

const FORM = /^whl-([\w-]{1,4000})\.([\w-]{43})$/;

function sign(secret: Buffer, payload: string): Buffer {
  return createHmac('sha256', secret).update('login\0').update(payload).digest();
}
