import type { DigestColumn } from '#kernel/stored-bytes/store.ts';
import { METADATA_SUFFIX } from './model/metadata-file.ts';

/** Every column of the part that names stored bytes: what is not here is removed as an orphan. */
export const storedBytes: readonly DigestColumn[] = [
  { table: 'release_file', sha256: 'sha256', size: 'size', name: 'filename' },
  {
    table: 'release_file',
    sha256: 'metadata_sha256',
    size: 'metadata_size',
    name: 'filename',
    suffix: METADATA_SUFFIX,
  },
  { table: 'mirror_file', sha256: 'sha256', size: 'size', name: 'relpath' },
  { table: 'documentation', sha256: 'sha256', size: 'size', name: 'filename' },
  { table: 'tox_result', sha256: 'sha256', size: 'size', name: 'filename' },
];
