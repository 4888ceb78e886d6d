import type { ServedFileCache } from './find-served.ts';
import type { FileSource } from './send-file.ts';

/** What answers for files share. */
export interface ServedFiles {
  readonly cache: ServedFileCache;
  readonly source: FileSource;
}
