import { createHmac } from 'node:crypto';

/** Tells one stored password hash from another without giving it away. */
export function fingerprintOf(secret: Buffer, passwordHash: string): string {
  return createHmac('sha256', secret)
    .update('password\0')
    .update(passwordHash)
    .digest('base64url')
    .slice(0, 16);
}
