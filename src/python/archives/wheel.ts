import type { ArchiveReader } from './archive-reader.ts';
import { parseCoreMetadata, type CoreMetadata } from '../metadata/core-metadata.ts';
import { checkNamed } from './declared-name.ts';
import { parseMessage } from '../metadata/email-headers.ts';
import { parseFilename, type ParsedFilename } from '../names/filename.ts';
import { ArchiveRejected, demand, quoted } from '../archive-rejected.ts';
import { isSameVersion } from '../names/same-version.ts';
import { normalizeProjectName } from '../names/project-name.ts';
import { findSuspicious } from './wheel-findings.ts';
import { checkRecord } from './wheel-record.ts';
import { describeCollision, findCollisions, openZip, type Zip, type ZipEntry } from './zip/zip.ts';

export interface WheelOptions {
  /**
   * What happens when RECORD and the content disagree: PyPI only warns the uploader, so a mirror may want to report
   * what an upload should refuse.
   */
  readonly recordMismatch?: 'reject' | 'report';
}

export interface InspectedWheel {
  readonly metadata: CoreMetadata;
  /** METADATA, byte for byte: what the simple API serves beside the wheel (PEP 658). */
  readonly metadataBytes: Uint8Array;
  readonly findings: readonly string[];
}

const MAX_METADATA_BYTES = 16 * 1024 ** 2;
const MAX_WHEEL_BYTES = 1024 ** 2;

/**
 * Checks that a zip archive is the wheel that its file name promises (PEP 427): one `.dist-info` directory of that name
 * and version with METADATA, WHEEL and RECORD; every byte of every file is read and compared with RECORD.
 */
export async function inspectWheel(
  zip: Zip,
  filename: ParsedFilename,
  options: WheelOptions = {},
): Promise<InspectedWheel> {
  const files = new Map(
    zip.entries.filter((entry) => !entry.isDirectory).map((entry) => [entry.name, entry]),
  );
  const distInfo = findDistInfo(zip.entries, filename);
  const metadataBytes = await zip.readEntry(required(files, `${distInfo}/METADATA`), MAX_METADATA_BYTES);
  const metadata = parseCoreMetadata(metadataBytes, { encoding: 'utf-8' });
  checkNamed(metadata, filename);
  checkLicenses(metadata, files, distInfo);
  const wheelFile = await zip.readEntry(required(files, `${distInfo}/WHEEL`), MAX_WHEEL_BYTES);
  const findings = [...checkWheelFile(wheelFile.toString('utf8'), filename)];
  required(files, `${distInfo}/RECORD`);
  findings.push(...(await checkRecord(zip, files, distInfo, options.recordMismatch ?? 'reject')));
  findings.push(...(await findSuspicious(zip, files, distInfo)));
  for (const collision of findCollisions(files.keys())) {
    demand(collision.differsIn === 'case', 'wheel.same-name', () => describeCollision(collision));
    findings.push(describeCollision(collision));
  }
  return { metadata, metadataBytes, findings };
}

/**
 * METADATA of a wheel, byte for byte, whose other files are not read: for wheels that another server has taken. Throws
 * `ArchiveRejected` where a reader could find another one, or none of this project and version.
 */
export async function readWheelMetadata(
  file: ArchiveReader,
  filename: string,
  expectedProject: string,
): Promise<Uint8Array> {
  const parsed = parseFilename(filename, expectedProject);
  demand(parsed?.kind === 'wheel', 'archive.filename', () => `${quoted(filename)} is no name of a wheel`);
  const { entries, readEntry } = await openZip(file);
  const path = `${findDistInfo(entries, parsed)}/METADATA`;
  const entry = entries.find(({ name }) => name === path);
  demand(entry !== undefined, 'wheel.missing-file', () => `the wheel has no ${quoted(path)}`);
  const bytes = await readEntry(entry, MAX_METADATA_BYTES);
  checkNamed(parseCoreMetadata(bytes, { encoding: 'utf-8' }), parsed);
  return bytes;
}

function findDistInfo(entries: readonly ZipEntry[], filename: ParsedFilename): string {
  const tops = new Set(entries.map((entry) => entry.name.split('/', 1)[0] ?? ''));
  const found = [...tops].filter((top) => top.toLowerCase().endsWith('.dist-info'));
  const [distInfo] = found;
  demand(distInfo !== undefined, 'wheel.no-dist-info', () => 'the wheel has no .dist-info directory');
  demand(
    found.length === 1,
    'wheel.several-dist-info',
    () => `the wheel has several .dist-info directories: ${found.slice(0, 3).map(quoted).join(', ')}`,
  );
  const hyphen = distInfo.indexOf('-');
  const name = distInfo.slice(0, hyphen);
  const version = distInfo.slice(hyphen + 1, -'.dist-info'.length);
  demand(
    hyphen > 0 && normalizeProjectName(name) === filename.project && isSameVersion(version, filename.version),
    'wheel.dist-info-name',
    () => `directory ${quoted(distInfo)} does not match the name and version of the wheel`,
  );
  return distInfo;
}

function required(files: ReadonlyMap<string, ZipEntry>, name: string): ZipEntry {
  const entry = files.get(name);
  if (entry === undefined)
    throw new ArchiveRejected('wheel.missing-file', `the wheel has no ${quoted(name)}`);
  return entry;
}

// From metadata 2.4 on, License-File is relative to .dist-info/licenses (PEP 639); early builders left that part out.
function checkLicenses(metadata: CoreMetadata, files: ReadonlyMap<string, ZipEntry>, distInfo: string): void {
  const [major = 0, minor = 0] = metadata.metadata_version.split('.').map(Number);
  if (major < 2 || (major === 2 && minor < 4)) return;
  for (const license of metadata.license_file ?? []) {
    demand(
      files.has(`${distInfo}/licenses/${license}`) || files.has(`${distInfo}/${license}`),
      'wheel.missing-license',
      () => `the metadata names the licence file ${quoted(license)}, which is not in the wheel`,
    );
  }
}

// Tags that differ from the file name are a finding: installers go by the file name, and PyPI has accepted such wheels
// (of PyTorch, for one); uv reinstalls them each time.
function* checkWheelFile(text: string, filename: ParsedFilename): Generator<string> {
  const headers = parseMessage(text).headers.map(({ name, lines }) => ({
    name: name.toLowerCase(),
    value: (lines[0] ?? '').trim(),
  }));
  const version = headers.find(({ name }) => name === 'wheel-version')?.value ?? '';
  demand(
    /^1\.[0-9]+$/.test(version),
    'wheel.wheel-version',
    () => `Wheel-Version ${quoted(version)} is not 1.x`,
  );
  const declared = new Set(headers.filter(({ name }) => name === 'tag').map(({ value }) => value));
  const expected = expandTags(filename);
  const isEqual = declared.size === expected.size && [...declared].every((tag) => expected.has(tag));
  if (!isEqual) yield 'the tags in WHEEL differ from those of the file name';
}

function expandTags({ tags }: ParsedFilename): ReadonlySet<string> {
  if (!tags) return new Set();
  return new Set(
    tags.python.flatMap((python) =>
      tags.abi.flatMap((abi) => tags.platform.map((platform) => `${python}-${abi}-${platform}`)),
    ),
  );
}
