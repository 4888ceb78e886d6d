import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { readSources } from '../inheritance/read-sources.ts';
import { readReading, viewOf } from '../inheritance/reading.ts';
import type { Link } from '../mirror/link.ts';
import { fullName, type Index } from '../model/index.ts';
import { newestFirst } from '#python/names/sort-versions.ts';
import { listReleases } from '../projects/store.ts';
import { readStageRelease, type PushedRelease } from './pushed-release.ts';
import type { Pushed } from './push-request.ts';

/** Where a release comes from: what upstream lists of it, on a mirror; a stage has it itself. */
export interface Source {
  readonly links: readonly Link[] | undefined;
}

/** What the index itself has of a release, or why it cannot be pushed from there. Throws what asking upstream throws. */
export async function findSource(
  context: PackagesContext,
  identity: Identity,
  source: Index,
  pushed: Pushed,
): Promise<Source | AppError> {
  if (source.type === 'mirror') {
    const { files } = await context.packages.mirrors.project(source, pushed.project);
    const links = files.filter(({ version }) => version === pushed.version);
    if (links.length > 0 && pushed.what !== 'only documentation') return { links };
    return nothingToPush(source, pushed, undefined);
  }
  const release = await readStageRelease(context.db, source, pushed);
  if (release !== undefined && (release.files.length > 0 || release.documentation !== undefined))
    return { links: undefined };
  const elsewhere =
    release === undefined ? await findElsewhere(context, identity, source, pushed) : undefined;
  return nothingToPush(source, pushed, release, elsewhere);
}

/** devpi's two refusals: there is no such release, or it has nothing of what was asked for. */
export function nothingToPush(
  source: Index,
  { project, version, what }: Pushed,
  release: PushedRelease | undefined,
  hint?: string,
): AppError {
  if (release === undefined) {
    return new AppError(
      packagesErrors.nothingToPush,
      `there are no files for ${project} ${version} on stage ${fullName(source)}`,
      hint === undefined ? {} : { hint },
    );
  }
  return new AppError(packagesErrors.releaseNotFound, `no release/files found for ${project} ${version}`, {
    hint:
      what === 'only documentation'
        ? 'the release has no documentation'
        : 'the release has metadata only; upload its files first',
  });
}

/** Inherited releases are pushed from where they are, as in devpi: that place, where the sender may know it. */
async function findElsewhere(
  context: PackagesContext,
  identity: Identity,
  source: Index,
  { project, version }: Pushed,
): Promise<string | undefined> {
  const view = viewOf(context, await readReading(context, source), identity);
  const sources = await readSources(context, view, { project }).catch((error: unknown) => {
    if (error instanceof AppError) return undefined;
    throw error;
  });
  const known: string[] = [];
  for (const { index, projectId } of sources?.stages ?? []) {
    const versions = (await listReleases(context.db, projectId)).map((each) => each.version);
    if (index.id !== source.id && versions.includes(version)) return inherited(source, index);
    if (index.id === source.id) known.push(...versions);
  }
  const mirror = sources?.mirrored.find(({ files }) => files.some((link) => link.version === version));
  if (mirror !== undefined) return inherited(source, mirror.index);
  return known.length === 0
    ? undefined
    : `${fullName(source)} has ${newestFirst(known).slice(0, 10).join(', ')}`;
}

function inherited(source: Index, index: Index): string {
  return `${fullName(source)} only inherits it: push it from ${fullName(index)}`;
}
