import { chooseVersion } from '#python/names/choose-version.ts';
import { compareVersions } from '#python/names/compare-versions.ts';
import { parseFilename } from '#python/names/filename.ts';
import type { PackagesContext } from '../context.ts';
import { indexUrl } from '../index-url.ts';
import { readSources, type Sources } from '../inheritance/read-sources.ts';
import type { View } from '../inheritance/reading.ts';
import { linkPath } from '../mirror/link.ts';
import type { MirrorFiles } from '../mirror/mirror-files.ts';
import { fileUrlPath } from '../model/file-path.ts';
import type { Metadata } from '../projects/metadata.ts';
import { listFiles, listReleases } from '../projects/store.ts';
import { readRelease } from '../releases/read-release.ts';

/** A file under the keys of PyPI's JSON API. */
export type FileJson = Readonly<Record<string, unknown>> & {
  readonly filename: string;
  readonly yanked: boolean;
  readonly yanked_reason: string | null;
};

/** The answer of PyPI's JSON API about a project, or about one release of it, which has no `releases`. */
export interface ProjectJson {
  readonly info: Readonly<Record<string, unknown>>;
  readonly last_serial: number;
  readonly releases?: Readonly<Record<string, readonly FileJson[]>>;
  readonly urls: readonly FileJson[];
  readonly vulnerabilities: readonly never[];
  readonly ownership: null;
}

export interface DescribeProject {
  readonly view: View;
  /** Normalized. */
  readonly project: string;
  /** As it was uploaded; without it the project with the version that installers take. */
  readonly version?: string;
  /** Where the client reaches the server; addresses are absolute. */
  readonly baseUrl: string;
}

/**
 * What an index shows a reader of a project, own, inherited and mirrored, in the form of PyPI's JSON API. Undefined if the
 * index does not show the project, or not this version.
 */
export async function describeProject(
  context: PackagesContext & { readonly mirrorFiles: MirrorFiles },
  { view, project, version: asked, baseUrl }: DescribeProject,
): Promise<ProjectJson | undefined> {
  const sources = await readSources(context, view, { project });
  if (sources === undefined) return undefined;
  const releases = await listReleaseFiles(context, sources, { project, baseUrl });
  const version = asked ?? newestOf(releases);
  const files = version === undefined ? undefined : releases.get(version);
  if (version === undefined || files === undefined) return undefined;
  const { metadata, displayName } = await readRelease(context, view, { project, version });
  const base = `${indexUrl(baseUrl, view.index.user, view.index.name)}/${project}`;
  const serial = view.index.type === 'mirror' ? sources.mirrored[0]?.serial : undefined;
  const oldestFirst = [...releases].sort(([a], [b]) => compareVersions(a, b));
  return {
    info: describeRelease(metadata, { name: displayName, version, files, base }),
    last_serial: serial ?? context.events.serial,
    ...(asked === undefined && { releases: Object.fromEntries(oldestFirst) }),
    urls: files,
    vulnerabilities: [],
    ownership: null,
  };
}

type ReleaseFiles = ReadonlyMap<string, readonly FileJson[]>;

/** Every version with its files by name, of which the nearest index wins one that several have. */
async function listReleaseFiles(
  { db }: PackagesContext,
  { stages, mirrored }: Sources,
  { project, baseUrl }: Pick<DescribeProject, 'project' | 'baseUrl'>,
): Promise<ReleaseFiles> {
  const versions = new Map<string, FileJson[]>();
  const seen = new Set<string>();
  const filesOf = (version: string) => {
    const known = versions.get(version) ?? [];
    versions.set(version, known);
    return known;
  };
  const add = (version: string, file: DescribedFile) => {
    if (seen.has(file.filename)) return;
    seen.add(file.filename);
    filesOf(version).push(describeFile(file, project));
  };
  for (const { index, projectId } of stages) {
    for (const { version } of await listReleases(db, projectId)) filesOf(version);
    for (const file of await listFiles(db, [projectId])) {
      add(file.version, {
        ...file,
        url: `${baseUrl}/${fileUrlPath(index, file.sha256, file.filename)}`,
        hashes: { sha256: file.sha256, md5: file.md5, blake2b_256: file.blake2b256 },
        uploadTime: new Date(file.uploadedAt).toISOString(),
        coreMetadata: file.sidecar?.sha256,
      });
    }
  }
  for (const { index, files } of mirrored) {
    for (const link of files) {
      if (link.version !== '') add(link.version, { ...link, url: `${baseUrl}/${linkPath(index, link)}` });
    }
  }
  for (const files of versions.values()) files.sort((a, b) => (a.filename < b.filename ? -1 : 1));
  return versions;
}

function newestOf(releases: ReleaseFiles): string | undefined {
  return chooseVersion(
    [...releases].map(([version, files]) => ({
      version,
      isYanked: files.length > 0 && files.every(({ yanked }) => yanked),
    })),
  )?.version;
}

interface DescribedFile {
  readonly filename: string;
  readonly url: string;
  readonly hashes: Readonly<Record<string, string>>;
  readonly size: number | undefined;
  readonly uploadTime: string | undefined;
  readonly requiresPython: string | null | undefined;
  readonly yanked: string | null | undefined;
  readonly coreMetadata: string | true | undefined;
}

const PACKAGE_TYPES: Readonly<Record<string, string>> = {
  wheel: 'bdist_wheel',
  egg: 'bdist_egg',
  exe: 'bdist_wininst',
  msi: 'bdist_msi',
  rpm: 'bdist_rpm',
  dmg: 'bdist_dmg',
  bdist: 'bdist_dumb',
};

function describeFile(file: DescribedFile, project: string): FileJson {
  const parsed = parseFilename(file.filename, project);
  const at = file.uploadTime === undefined ? undefined : new Date(file.uploadTime);
  const isTimed = at !== undefined && !Number.isNaN(at.getTime());
  const yanked = file.yanked ?? undefined;
  return {
    comment_text: '',
    'core-metadata':
      typeof file.coreMetadata === 'string' ? { sha256: file.coreMetadata } : (file.coreMetadata ?? false),
    digests: file.hashes,
    downloads: -1,
    filename: file.filename,
    has_sig: false,
    md5_digest: file.hashes['md5'] ?? null,
    packagetype: PACKAGE_TYPES[parsed?.kind ?? ''] ?? 'sdist',
    python_version: parsed?.tags?.python.join('.') ?? 'source',
    requires_python: file.requiresPython || null,
    size: file.size ?? null,
    // Without an offset, as PyPI has it; it is UTC.
    upload_time: isTimed ? at.toISOString().slice(0, 19) : null,
    upload_time_iso_8601: isTimed ? at.toISOString() : null,
    url: file.url,
    yanked: yanked !== undefined,
    yanked_reason: yanked === undefined || yanked === '' ? null : yanked,
  };
}

interface DescribedRelease {
  readonly name: string;
  readonly version: string;
  readonly files: readonly FileJson[];
  /** The address of the project. */
  readonly base: string;
}

function describeRelease(
  metadata: Metadata,
  { name, version, files, base }: DescribedRelease,
): Record<string, unknown> {
  const text = (key: string) => String(metadata[key] ?? '');
  const list = (key: string) => [metadata[key] ?? []].flat();
  const orNull = (values: readonly string[]) => (values.length === 0 ? null : values);
  const isYanked = files.length > 0 && files.every((file) => file.yanked);
  return {
    author: text('author'),
    author_email: text('author_email'),
    bugtrack_url: null,
    classifiers: list('classifiers'),
    description: text('description'),
    description_content_type: text('description_content_type') || null,
    docs_url: null,
    download_url: text('download_url') || null,
    downloads: { last_day: -1, last_month: -1, last_week: -1 },
    dynamic: orNull(list('dynamic')),
    home_page: text('home_page'),
    keywords: text('keywords') || null,
    license: text('license') || null,
    license_expression: text('license_expression') || null,
    license_files: orNull(list('license_file')),
    maintainer: text('maintainer') || null,
    maintainer_email: text('maintainer_email') || null,
    name,
    package_url: `${base}/`,
    platform: list('platform').join(',') || null,
    project_url: `${base}/`,
    project_urls: projectUrls(list('project_urls')),
    provides_extra: orNull(list('provides_extras')),
    release_url: `${base}/${encodeURIComponent(version)}/`,
    requires_dist: orNull(list('requires_dist')),
    requires_python: text('requires_python') || null,
    summary: text('summary'),
    version,
    yanked: isYanked,
    yanked_reason: isYanked
      ? (files.map((file) => file.yanked_reason).find((reason) => reason !== null) ?? null)
      : null,
  };
}

/** `Label, https://…` as a key and its value. */
function projectUrls(lines: readonly string[]): Readonly<Record<string, string>> | null {
  if (lines.length === 0) return null;
  return Object.fromEntries(
    lines.map((line) => {
      const comma = line.indexOf(',');
      return [line.slice(0, comma).trim(), line.slice(comma + 1).trim()];
    }),
  );
}
