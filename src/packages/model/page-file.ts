/** One file as the simple API tells of it (PEP 503, 592, 658, 700, 740); undefined is unknown. */
export interface PageFile {
  readonly filename: string;
  /** Empty if the file name does not tell. */
  readonly version: string;
  /** Relative to `/USER/INDEX/+simple/PROJECT/`. */
  readonly url: string;
  /** Algorithm and hex digest; sha256 for own files, whatever upstream gives for mirrored ones. */
  readonly hashes: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly size: number | undefined;
  /** PEP 700's form. */
  readonly uploadTime: string | undefined;
  readonly requiresPython: string | undefined;
  /** The reason, which may be empty; undefined when not yanked. */
  readonly yanked: string | undefined;
  /** sha256 of the metadata sidecar, `true` if its hash is unknown, undefined if there is none. */
  readonly coreMetadata: string | true | undefined;
  readonly provenance: string | undefined;
}

/** A project's standing (PEP 792). */
export interface ProjectStatus {
  readonly status: string;
  readonly reason?: string;
}
