/** A file of one project, of the index that is built for or of the farm's own. */
export interface SourceFile {
  readonly filename: string;
  /** As written in the file name. */
  readonly version: string;
  /** A version specifier; not given if every Python will do. */
  readonly requiresPython?: string | undefined;
  readonly yanked: boolean;
  /** Milliseconds since 1970. */
  readonly uploadedAt?: number | undefined;
  /** Lower-case hex. */
  readonly sha256?: string | undefined;
  /** Whether it came with the source index, or was built here. */
  readonly origin: 'source' | 'farm';
}

/** Some builds of a project: those of a version, of a target, of both, or all. */
export interface BuildSelection {
  /** In any spelling. */
  readonly version?: string | undefined;
  /** As `formatTarget` writes it. */
  readonly target?: string | undefined;
}

/** What is not to be built, and what people are told. */
export interface BuildSkip extends BuildSelection {
  readonly reason: string;
}

/** What is known of one earlier build. */
export interface BuildRecord {
  readonly version: string;
  /** As `formatTarget` writes it. */
  readonly target: string;
  readonly sdistSha256: string;
  readonly state: 'running' | 'succeeded' | 'failed';
  /** Of a failed one: when it may be tried again, in milliseconds since 1970; without it, never with this sdist. */
  readonly retryAfter?: number | null | undefined;
}

export type BuildRank = (typeof BUILD_RANKS)[keyof typeof BUILD_RANKS];

/** What is built first: the lower number. */
export const BUILD_RANKS = { requested: 0, released: 1, backlog: 2 } as const;

/** One wheel that has to be built. */
export interface Need {
  /** As the sdist has it. */
  readonly version: string;
  /** As `formatTarget` writes it. */
  readonly target: string;
  readonly sdist: SourceFile;
  readonly rank: BuildRank;
  /** When the sdist came, in milliseconds since 1970; 0 if nobody knows. */
  readonly releasedAt: number;
  /**
   * True while it may be that one wheel serves all targets, because none of this release was built yet, or because it was one of
   * several Pythons: then whoever hands out builds gives no second one of the version while one is running.
   */
  readonly isAlone: boolean;
  /** Milliseconds since 1970; 0 for at once. */
  readonly notBefore: number;
}
