/** One file that a lock allows; what the lock does not tell is left out. */
export interface LockedFile {
  readonly filename?: string;
  /** Lower-case hex. */
  readonly sha256?: string;
  /** Bytes. */
  readonly size?: number;
}

/** A release that a lock names. */
export interface LockedPackage {
  /** As written. */
  readonly project: string;
  /** As written, without `==`. */
  readonly version: string;
  /** The files that may be installed; without it every file of the version may. */
  readonly files?: readonly LockedFile[];
  /** The environments that need it, as written: everything is fetched, whatever it says. */
  readonly marker?: string;
}

/** What a lock needs that no index has. */
export interface Skipped {
  /** File and line, or file and package. */
  readonly where: string;
  readonly reason: string;
}

/** What a file asks an index for. */
export interface Lock {
  readonly packages: readonly LockedPackage[];
  readonly skipped: readonly Skipped[];
}
