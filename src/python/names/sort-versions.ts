import { compareVersions } from './compare-versions.ts';
import { comparePublic, versionKey, type VersionKey } from './version-key.ts';

interface Sorted {
  readonly version: string;
  /** Undefined for what is no version. */
  readonly key: VersionKey | undefined;
}

/** The versions in the order of `compareVersions`, newest first. Each is read once: a project may have thousands. */
export function newestFirst(versions: Iterable<string>): string[] {
  return [...versions]
    .map((version) => ({ version, key: versionKey(version) }))
    .sort((a, b) => compare(b, a))
    .map(({ version }) => version);
}

function compare(a: Sorted, b: Sorted): number {
  const difference = a.key && b.key ? comparePublic(a.key, b.key) : 0;
  // What is no version, local versions, and two spellings of one.
  return difference || compareVersions(a.version, b.version);
}
