import type { DigestColumn } from '#kernel/stored-bytes/store.ts';

/** Every column of the part that names stored bytes: what is not here is removed as an orphan. */
export const storedBytes: readonly DigestColumn[] = [
  { table: 'build', sha256: 'log_sha256', size: 'log_size', name: 'sdist', suffix: '.log.gz' },
  { table: 'build_file', sha256: 'sha256', size: 'size', name: 'filename' },
];
