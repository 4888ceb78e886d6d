import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Lets secret scanners find leaked tokens. */
const PREFIX = 'wh_';
const SECRET_BYTES = 32;
const FORM = /^wh_[0-9a-f]{72}$/;
const CHECKSUM_LENGTH = 8;

/** A new token: `wh_`, a random secret of 256 bits, and the checksum of both, in hex, so that it needs no quoting anywhere. */
export function createApiToken(): string {
  const text = PREFIX + randomBytes(SECRET_BYTES).toString('hex');
  return text + checksum(text);
}

/** True if the text has the form of an API token, whoever made it: then it is no password. */
export function isApiToken(text: string): boolean {
  return FORM.test(text);
}

/** False for a token that was mistyped or invented: nobody needs to look for it. */
export function hasRightChecksum(token: string): boolean {
  return checksum(token.slice(0, -CHECKSUM_LENGTH)) === token.slice(-CHECKSUM_LENGTH);
}

/**
 * What is stored of a token. A plain sha256 is right here: argon2 makes guessing dear where people choose the secret, and
 * nobody guesses 256 random bits, while every request would pay for it.
 */
export function hashApiToken(token: string): string {
  return hash('sha256', token);
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(CHECKSUM_LENGTH, '0');
}
