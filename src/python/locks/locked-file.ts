import type { LockedFile } from './lock.ts';
import { filenameOf } from './toml.ts';

/** A file as most lock files write it: a name or a place, `sha256:` and the digest, and perhaps the size. */
export function lockedFile({
  filename,
  location,
  hash,
  size,
}: {
  readonly filename?: string | undefined;
  /** A URL or a path, in whose last segment the name is. */
  readonly location?: string | undefined;
  readonly hash?: string | undefined;
  readonly size?: number | undefined;
}): LockedFile {
  const known = filename ?? filenameOf(location);
  const sha256 = /^sha256:([0-9a-f]{64})$/i.exec(hash ?? '')?.[1]?.toLowerCase();
  return {
    ...(known !== undefined && { filename: known }),
    ...(sha256 !== undefined && { sha256 }),
    ...(size !== undefined && { size }),
  };
}
