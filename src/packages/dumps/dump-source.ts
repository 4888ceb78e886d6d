import type { DumpedBytes } from './dump-project.ts';

/** What an index gives to a dump: first what is said of its projects, each release as JSON by its version, then the files. */
export interface DumpSource {
  projects(): AsyncGenerator<{ readonly name: string; readonly releases: ReadonlyMap<string, string> }>;
  files(): AsyncGenerator<DumpedBytes>;
}
