import type { DumpedBytes } from './dump-project.ts';

/** What an index gives to a dump: first what is said of its projects, then the files. */
export interface DumpSource {
  projects(): AsyncGenerator<{ readonly name: string; readonly versions: object }>;
  files(): AsyncGenerator<DumpedBytes>;
}
