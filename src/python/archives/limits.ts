import { demand } from '../archive-rejected.ts';

export interface ArchiveLimits {
  readonly maxEntries: number;
  /** The sum of all members, inflated. */
  readonly maxTotalBytes: number;
  /** How many times larger the inflated members may be than the file, once they pass `ratioFreeBytes`. */
  readonly maxRatio: number;
  readonly ratioFreeBytes: number;
  /** All member names together, as they are kept in memory. */
  readonly maxNameBytes: number;
}

/** PyPI's ratio (50 times above 64 MiB), and sizes that hold the largest wheels in use. */
export const DEFAULT_LIMITS: ArchiveLimits = {
  maxEntries: 200_000,
  maxTotalBytes: 32 * 1024 ** 3,
  maxRatio: 50,
  ratioFreeBytes: 64 * 1024 ** 2,
  maxNameBytes: 32 * 1024 ** 2,
};

/** Rejects once `inflatedBytes` of a file of `fileBytes` are too many; call it as they grow. */
export function demandSizeWithin(limits: ArchiveLimits, inflatedBytes: number, fileBytes: number): void {
  demand(
    inflatedBytes <= limits.maxTotalBytes,
    'archive.too-large',
    () => `the members are larger than ${limits.maxTotalBytes} bytes together`,
  );
  demand(
    inflatedBytes <= limits.ratioFreeBytes || inflatedBytes <= fileBytes * limits.maxRatio,
    'archive.ratio',
    () => `the members inflate to more than ${limits.maxRatio} times the size of the file`,
  );
}
