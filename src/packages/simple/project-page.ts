import type { PackagesContext } from '../context.ts';
import { fileUrlPath } from '../model/file-path.ts';
import { readSources } from '../inheritance/read-sources.ts';
import type { View } from '../inheritance/reading.ts';
import { type Index, fullName, isPublic } from '../model/index.ts';
import { linkPath } from '../mirror/link.ts';
import { listFiles, type VersionedFile } from '../projects/store.ts';
import { compareVersions } from '#python/names/compare-versions.ts';
import type { PageFile, ProjectStatus } from '../model/page-file.ts';

/** The one model of a project page: both forms are rendered from it (design section 5). */
export interface ProjectPage {
  /** `user/index` that was asked. */
  readonly index: string;
  readonly name: string;
  /** Every version, oldest first. */
  readonly versions: readonly string[];
  /** By version, then by name. */
  readonly files: readonly PageFile[];
  readonly status: ProjectStatus | undefined;
  /** Until when the page may be served without asking the mirrors again; epoch milliseconds. */
  readonly freshUntil: number;
  /** True if a mirror could not be asked, so that something may be missing or old. */
  readonly isStale: boolean;
  /** Upstream's serial, on a mirror's own page. */
  readonly lastSerial: number | undefined;
}

/** Reads what an index shows a reader of a project, own, inherited and mirrored, as `readSources` finds it. */
export async function readProjectPage(
  context: PackagesContext,
  view: View,
  name: string,
): Promise<ProjectPage | undefined> {
  const { index } = view;
  const sources = await readSources(context, view, { project: name });
  if (sources === undefined) return undefined;
  const { stages, mirrored, failure, freshUntil } = sources;

  const projectIds = stages.map(({ projectId }) => projectId);
  const ownFiles = Map.groupBy(await listFiles(context.db, projectIds), (file) => file.indexId);
  const files = new Map<string, PageFile>();
  // The nearer index wins a name that several have.
  const add = (file: PageFile) => files.has(file.filename) || files.set(file.filename, file);
  for (const { index: stage } of stages) {
    for (const file of ownFiles.get(stage.id) ?? []) add(ownFile(index, stage, file));
  }
  for (const { index: mirror, files: links } of mirrored) {
    for (const link of links) add({ ...link, url: relativeUrl(index, mirror, linkPath(mirror, link)) });
  }

  const listed = [...files.values()].map(({ version }) => version);
  const known = new Set(
    [...listed, ...mirrored.flatMap(({ versions }) => versions)].filter((version) => version !== ''),
  );
  const versions = [...known].sort(compareVersions);
  const rank = new Map(versions.map((version, position) => [version, position]));
  const position = ({ version }: PageFile) => rank.get(version) ?? -1;
  return {
    index: fullName(index),
    name,
    versions,
    files: [...files.values()].sort(
      (a, b) => position(a) - position(b) || (a.filename < b.filename ? -1 : 1),
    ),
    status: stages.every((stage) => isPublic(stage.index)) ? mirrored[0]?.status : undefined,
    freshUntil,
    isStale: failure !== undefined || mirrored.some(({ isStale }) => isStale),
    lastSerial: index.type === 'mirror' ? mirrored[0]?.serial : undefined,
  };
}

function ownFile(asked: Index, origin: Index, file: VersionedFile): PageFile {
  return {
    filename: file.filename,
    version: file.version,
    url: relativeUrl(asked, origin, fileUrlPath(origin, file.sha256, file.filename)),
    hashes: { sha256: file.sha256 },
    size: file.size,
    uploadTime: new Date(file.uploadedAt).toISOString(),
    requiresPython: file.requiresPython ?? undefined,
    yanked: file.yanked ?? undefined,
    coreMetadata: file.sidecar?.sha256,
    provenance: undefined,
  };
}

function relativeUrl(asked: Index, origin: Index, path: string): string {
  return origin.id === asked.id ? `../../${path.split('/').slice(2).join('/')}` : `../../../../${path}`;
}
