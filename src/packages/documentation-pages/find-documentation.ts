import { AppError } from '#kernel/errors/app-error.ts';
import { compareVersions, isPreRelease } from '#python/names/compare-versions.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { findSources } from '../inheritance/read-sources.ts';
import type { View } from '../inheritance/reading.ts';
import type { Index } from '../model/index.ts';
import { findRelease, listReleases } from '../projects/store.ts';
import { findDocumentation, listDocumentation, type Documentation } from '../documentation/store.ts';

export interface FoundDocumentation {
  /** The index that has it. */
  readonly index: Index;
  readonly version: string;
  readonly documentation: Documentation;
}

interface OfProject {
  /** Normalized. */
  readonly project: string;
}

/**
 * The documentation of a release as an index shows it: its own, else that of the nearest base which has some and is not hidden
 * from the reader. `latest` is the newest version with documentation, `stable` the newest final one. Undefined if there is none.
 */
export async function findShownDocumentation(
  { db }: Pick<PackagesContext, 'db'>,
  view: View,
  { project, version }: OfProject & { readonly version: string },
): Promise<FoundDocumentation | undefined> {
  if (version === 'latest' || version === 'stable') {
    const all = await listShownDocumentation({ db }, view, { project });
    return all.find((each) => version === 'latest' || !isPreRelease(each.version));
  }
  const { stages } = await findSources(db, view, { project });
  for (const { index, projectId } of stages) {
    const release = await findRelease(db, projectId, version);
    const documentation = release && (await findDocumentation(db, release.id));
    if (documentation !== undefined) return { index, version, documentation };
  }
  return undefined;
}

/** All documentation of a project that an index shows, newest versions first. */
async function listShownDocumentation(
  { db }: Pick<PackagesContext, 'db'>,
  view: View,
  { project }: OfProject,
): Promise<readonly FoundDocumentation[]> {
  const { stages } = await findSources(db, view, { project });
  const byVersion = new Map<string, FoundDocumentation>();
  for (const { index, projectId } of stages) {
    const versions = new Map((await listReleases(db, projectId)).map(({ id, version }) => [id, version]));
    for (const documentation of await listDocumentation(db, [...versions.keys()])) {
      const version = versions.get(documentation.releaseId) ?? '';
      if (!byVersion.has(version)) byVersion.set(version, { index, version, documentation });
    }
  }
  return [...byVersion.values()].sort((a, b) => compareVersions(b.version, a.version));
}

/** 404 for what is not there, and as well for what the reader may not see. */
export function documentationNotFound(project: string, version: string): AppError {
  return new AppError(
    packagesErrors.documentationNotFound,
    `there is no documentation of ${project} ${version}`,
  );
}
