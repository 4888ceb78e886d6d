import { parseFilename } from '#python/names/filename.ts';
import { canonicalVersion } from '#python/names/same-version.ts';
import { parseSpecifier } from '#python/names/specifier.ts';
import { comparePublic, versionKey, type VersionKey } from '#python/names/version-key.ts';
import type { SourceFile } from './need.ts';

/** One version, whatever its spelling, with what is built of it. */
export interface BuildableRelease extends Release {
  /** Not yanked. */
  readonly sdist: SourceFile;
  /** When the sdist came, which may be weeks after the wheels; 0 if nobody knows. */
  readonly releasedAt: number;
}

interface Release {
  /** By which records and skips of this version are found (`canonicalVersion`). */
  readonly canonical: string;
  readonly key: VersionKey;
  readonly files: readonly SourceFile[];
}

/** pip reads all of these; the first is what is built where a release has several. */
const SDIST_EXTENSIONS = ['tar.gz', 'zip', 'tgz', 'tar.bz2'];

/**
 * The releases with an sdist that an installer would choose from: what the specifier admits, and pre-releases where they are
 * allowed, where it names one, or where there is nothing else (PEP 440). Versions that are none are left out, since no wheel can carry
 * them. A malformed specifier admits nothing. The newest come first.
 */
export function buildableReleases(
  files: readonly SourceFile[],
  specifier: string,
  allowPrereleases: boolean,
): BuildableRelease[] {
  return chooseReleases(files, specifier, allowPrereleases)
    .flatMap((release) => {
      const sdist = chooseSdist(release);
      return sdist === undefined ? [] : [{ ...release, sdist, releasedAt: sdist.uploadedAt ?? 0 }];
    })
    .sort((a, b) => b.releasedAt - a.releasedAt || comparePublic(b.key, a.key));
}

function chooseReleases(
  files: readonly SourceFile[],
  specifierText: string,
  allowPrereleases: boolean,
): Release[] {
  const specifier = parseSpecifier(specifierText);
  if (specifier === undefined) return [];
  const admitted = groupReleases(files).filter(({ key }) => specifier.admits(key));
  if (allowPrereleases || specifier.namesPreRelease) return admitted;
  const finals = admitted.filter(({ key }) => !key.isPreRelease);
  return finals.some(isOffered) ? finals : admitted;
}

function chooseSdist({ files }: Release): SourceFile | undefined {
  let chosen: SourceFile | undefined;
  let rank = SDIST_EXTENSIONS.length;
  for (const file of files) {
    if (file.yanked || file.origin === 'farm' || file.filename.endsWith('.whl')) continue;
    const { kind, extension = '' } = parseFilename(file.filename) ?? {};
    const at = SDIST_EXTENSIONS.indexOf(extension);
    if (kind === 'sdist' && at >= 0 && at < rank) [chosen, rank] = [file, at];
  }
  return chosen;
}

function groupReleases(files: readonly SourceFile[]): Release[] {
  const releases = new Map<string, Release & { files: SourceFile[] }>();
  const bySpelling = new Map<string, SourceFile[]>();
  for (const file of files) {
    let known = bySpelling.get(file.version);
    if (known === undefined) {
      known = filesOf(releases, file.version);
      bySpelling.set(file.version, known);
    }
    known.push(file);
  }
  return [...releases.values()];
}

/** Where the files of a version are collected, which nobody reads if it is none. */
function filesOf(releases: Map<string, Release & { files: SourceFile[] }>, version: string): SourceFile[] {
  const canonical = canonicalVersion(version);
  const known = releases.get(canonical);
  if (known !== undefined) return known.files;
  // The second reads `1.0_cu118`.
  const key = versionKey(version) ?? versionKey(canonical);
  const release = key && { canonical, key, files: [] };
  if (release !== undefined) releases.set(canonical, release);
  return release?.files ?? [];
}

/** Installers do not choose what is yanked. */
function isOffered({ files }: Release): boolean {
  return files.some(({ yanked, origin }) => !yanked && origin === 'source');
}
