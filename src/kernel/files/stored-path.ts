import { join } from 'node:path';

const SHA256 = /^[0-9a-f]{64}$/;

/** Where a local directory of files has the bytes of this digest. Throws `TypeError` for what is none. */
export function storedPath(directory: string, sha256: string): string {
  return join(directory, 'sha256', pathBelow(sha256));
}

/** The same below the directory of all stored bytes. */
export function pathBelow(sha256: string): string {
  if (!SHA256.test(sha256)) throw new TypeError(`not a sha256: ${sha256}`);
  return join(sha256.slice(0, 2), sha256.slice(2));
}
