import type { ArchiveReader } from './archive-reader.ts';
import { parseCoreMetadata, type CoreMetadata } from '../metadata/core-metadata.ts';
import { checkNamed } from './declared-name.ts';
import { FileWindow } from './file-window.ts';
import type { ParsedFilename } from '../names/filename.ts';
import { gunzip } from './inflate.ts';
import { DEFAULT_LIMITS, demandSizeWithin, type ArchiveLimits } from './limits.ts';
import { normalizeProjectName } from '../names/project-name.ts';
import { ArchiveRejected, demand, quoted } from '../archive-rejected.ts';
import { isSameVersion } from '../names/same-version.ts';
import { checkLinks } from './tar/tar-links.ts';
import { readTar, type TarMember } from './tar/tar.ts';
import { describeCollision, findCollisions, openZip } from './zip/zip.ts';

export interface SdistOptions {
  readonly limits?: ArchiveLimits;
  readonly signal?: AbortSignal;
}

export interface InspectedSdist {
  readonly metadata: CoreMetadata;
  readonly findings: readonly string[];
}

// What the checks need of an archive, whichever container it is in.
interface Content {
  readonly files: ReadonlySet<string>;
  readonly pkgInfo: Buffer | undefined;
  readonly findings: readonly string[];
}

const MAX_PKG_INFO_BYTES = 16 * 1024 ** 2;
const MAX_FINDINGS = 20;

/**
 * Checks that a gzipped tar or a zip is the sdist that its file name promises (PEP 625 and its forerunners): one top
 * directory of that name and version with a PKG-INFO about the same, no devices, nothing that leads out of the tree,
 * nothing behind the end. PKG-INFO is required of all, as PyPI does.
 */
export async function inspectSdist(
  file: ArchiveReader,
  filename: ParsedFilename,
  options: SdistOptions = {},
): Promise<InspectedSdist> {
  const content =
    filename.extension === 'zip' ? await readZipSdist(file, options) : await readTarSdist(file, options);
  const top = checkTop(content.files, filename);
  demand(
    content.pkgInfo !== undefined,
    'sdist.no-pkg-info',
    () => `the sdist has no ${quoted(`${top}/PKG-INFO`)}`,
  );
  const metadata = parseCoreMetadata(content.pkgInfo);
  checkNamed(metadata, filename);
  checkLicenses(metadata, content.files, top);
  const collisions = findCollisions(content.files).map(describeCollision);
  return { metadata, findings: [...content.findings, ...collisions].slice(0, MAX_FINDINGS) };
}

async function readZipSdist(file: ArchiveReader, options: SdistOptions): Promise<Content> {
  const zip = await openZip(file, options);
  let pkgInfo: Buffer | undefined;
  for (const entry of zip.entries) {
    if (isPkgInfo(entry.name)) pkgInfo = await zip.readEntry(entry, MAX_PKG_INFO_BYTES);
    else await zip.hashEntry(entry);
  }
  const files = zip.entries.filter((entry) => !entry.isDirectory).map((entry) => entry.name);
  return { files: new Set(files), pkgInfo, findings: [] };
}

async function readTarSdist(
  file: ArchiveReader,
  { limits = DEFAULT_LIMITS, signal }: SdistOptions,
): Promise<Content> {
  const { size } = file;
  const window = new FileWindow(file, signal);
  const tree = new TarTree();
  await gunzip(window.stream(0, size), (pieces) =>
    readTar(counted(pieces, limits, size), {
      limits,
      wanted: ({ name, kind }) => (kind === 'file' && isPkgInfo(name) ? MAX_PKG_INFO_BYTES : undefined),
      onMember: (member, data) => tree.add(member, data),
    }),
  );
  await checkLinks(tree.names, tree.files, tree.links);
  return tree;
}

// Never inflates more than the limits allow, whatever the headers say.
async function* counted(
  pieces: AsyncIterable<Buffer>,
  limits: ArchiveLimits,
  fileBytes: number,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    demandSizeWithin(limits, bytes, fileBytes);
    yield piece;
  }
}

class TarTree implements Content {
  readonly names = new Set<string>();
  readonly files = new Set<string>();
  readonly links: TarMember[] = [];
  readonly findings: string[] = [];
  pkgInfo: Buffer | undefined;

  // Unpacking a second member of a name replaces the first. Real sdists have such doubles, equal in content; of
  // PKG-INFO there must be one.
  add(member: TarMember, data: Buffer | undefined): void {
    const { name, kind } = member;
    if (name === '.') return;
    if (kind !== 'directory' && this.names.has(name)) {
      demand(!isPkgInfo(name), 'sdist.duplicate-pkg-info', () => `${quoted(name)} is in the archive twice`);
      if (this.findings.length < MAX_FINDINGS) this.findings.push(`${quoted(name)} is in the archive twice`);
    }
    this.names.add(name);
    if (kind === 'directory') return;
    demand(name.includes('/'), 'sdist.top-directory', () => `${quoted(name)} is not in the top directory`);
    if (kind === 'file' || kind === 'hard-link') this.files.add(name);
    if (kind === 'hard-link' || kind === 'symbolic-link') this.links.push(member);
    if (data) this.pkgInfo = data;
  }
}

function isPkgInfo(name: string): boolean {
  return name.endsWith('/PKG-INFO') && name.indexOf('/') === name.length - '/PKG-INFO'.length;
}

function checkTop(files: ReadonlySet<string>, filename: ParsedFilename): string {
  let top: string | undefined;
  for (const name of files) {
    const first = name.includes('/') ? name.slice(0, name.indexOf('/')) : '';
    demand(
      first !== '' && (top ?? first) === first,
      'sdist.top-directory',
      () => `${quoted(name)} is not in the top directory`,
    );
    top = first;
  }
  if (top === undefined) throw new ArchiveRejected('sdist.empty', 'the sdist has no files');
  const name = top;
  demand(
    isNameAndVersion(name, filename),
    'sdist.top-directory',
    () => `the top directory ${quoted(name)} does not match the name and version of the sdist`,
  );
  return top;
}

function isNameAndVersion(directory: string, { project, version }: ParsedFilename): boolean {
  for (let at = directory.indexOf('-'); at >= 0; at = directory.indexOf('-', at + 1)) {
    const isProject = normalizeProjectName(directory.slice(0, at)) === project;
    if (isProject && isSameVersion(directory.slice(at + 1), version)) return true;
  }
  return false;
}

// PEP 639: relative to the root of the sdist, from metadata 2.4 on.
function checkLicenses(metadata: CoreMetadata, files: ReadonlySet<string>, top: string): void {
  const [major = 0, minor = 0] = metadata.metadata_version.split('.').map(Number);
  if (major < 2 || (major === 2 && minor < 4)) return;
  for (const license of metadata.license_file ?? []) {
    demand(
      files.has(`${top}/${license}`),
      'sdist.missing-license',
      () => `the metadata names the licence file ${quoted(license)}, which is not in the sdist`,
    );
  }
}
