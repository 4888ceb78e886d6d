import type { DumpedUser } from '#accounts';
import type { IndexType, Options } from '../model/index.ts';
import type { LogItem } from '../model/log-item.ts';

/** What a dump of devpi holds, checked, without the metadata of releases: these are read when they are written. */
export interface Dump {
  /** Where `dataindex.json` is. */
  readonly directory: string;
  readonly users: readonly DumpedUser[];
  readonly indexes: readonly DumpedIndex[];
  /** What a person should know of it; none of it is a reason to refuse it. */
  readonly notes: readonly string[];
}

export interface DumpedIndex {
  /** `user/name`, as the dump calls it. */
  readonly key: string;
  readonly user: string;
  readonly name: string;
  readonly type: IndexType;
  readonly options: Options;
  /** By normalized name. */
  readonly projects: ReadonlyMap<string, DumpedProject>;
  readonly files: readonly DumpedFile[];
}

export interface DumpedProject {
  /** As the releases spell it. */
  displayName: string;
  /** The versions that have a release, each with what pages need beside the metadata. */
  readonly versions: Map<string, { readonly requiresPython: string | null; readonly yanked: string | null }>;
}

/** A file of a release, its documentation, or what tox told of a file. */
export interface DumpedFile {
  readonly kind: 'releasefile' | 'doczip' | 'toxresult';
  /** Normalized. */
  readonly project: string;
  /** One of the project's. */
  readonly version: string;
  /** Below the dump. */
  readonly relpath: string;
  readonly filename: string;
  /** What the dump says that the bytes are: algorithm and hex digest. */
  readonly hashes: readonly (readonly [algorithm: string, digest: string])[];
  /** Epoch milliseconds; undefined where the dump does not tell. */
  readonly modifiedAt: number | undefined;
  /** Undefined where the dump has none. */
  readonly log: readonly LogItem[] | undefined;
  /** Of a test result: the name of the file that was tested. */
  readonly testedFile: string | undefined;
  /** Of a mirror: where upstream has it. */
  readonly url: string | undefined;
  /** Null when not yanked, else the reason. */
  readonly yanked: string | null;
}
