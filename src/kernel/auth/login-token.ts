import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** How long a login lasts, in seconds: devpi's ten hours (reference devpi.md 1.4). */
export const LOGIN_SECONDS = 36_000;

/** Lets secret scanners find leaked tokens. */
const PREFIX = 'whl-';

export interface LoginToken {
  readonly user: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly signed: string;
  readonly signature: Buffer;
}

/**
 * Makes a token: `whl-` payload `.` signature, in characters that need no quoting in URLs. The signature
 * covers the stored password hash, so that changing the password ends every login (a defect of devpi's).
 */
export function createLoginToken(secret: Buffer, user: string, passwordHash: string, now: number): string {
  const claims = [user, now + LOGIN_SECONDS * 1000, randomBytes(6).toString('base64url')];
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${PREFIX}${payload}.${sign(secret, payload, passwordHash).toString('base64url')}`;
}

/** Reads the form of a token without trusting it; undefined when the text is no token. */
export function parseLoginToken(text: string): LoginToken | undefined {
  const match = /^whl-([\w-]{1,2000})\.([\w-]{43})$/.exec(text);
  if (match === null) return undefined;
  const [, payload, signature] = match as unknown as [string, string, string];
  const claims = parseClaims(payload);
  if (claims === undefined) return undefined;
  return { ...claims, signed: payload, signature: Buffer.from(signature, 'base64url') };
}

/** True if this server signed the token for a user with this password hash. Expiry is the caller's check. */
export function isSignedFor(secret: Buffer, token: LoginToken, passwordHash: string): boolean {
  const expected = sign(secret, token.signed, passwordHash);
  return token.signature.byteLength === expected.byteLength && timingSafeEqual(token.signature, expected);
}

function parseClaims(payload: string): Pick<LoginToken, 'user' | 'expiresAt'> | undefined {
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as unknown;
    if (!Array.isArray(claims)) return undefined;
    const [user, expiresAt] = claims as unknown[];
    return typeof user === 'string' && typeof expiresAt === 'number' ? { user, expiresAt } : undefined;
  } catch {
    return undefined;
  }
}

function sign(secret: Buffer, payload: string, passwordHash: string): Buffer {
  return createHmac('sha256', secret).update(payload).update('\0').update(passwordHash).digest();
}
