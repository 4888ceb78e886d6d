import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { extract } from 'tar-stream';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Progress } from '#kernel/progress.ts';
import { packagesErrors } from '../../errors.ts';
import { BundleManifest, fileRelpath } from '../../contract.ts';
import { MAX_METADATA_BYTES, METADATA_SUFFIX } from '../../model/metadata-file.ts';
import type { Link } from '../link.ts';
import { readUpstreamPage, type UpstreamPage } from '../upstream/upstream-page.ts';

type Entry = ReturnType<typeof extract> extends AsyncIterable<infer Each> ? Each : never;

type BundledFile = BundleManifest['files'][number];

/** What a project has in a bundle: its page, cut down to the files that came along. */
export interface BundledProject {
  readonly page: UpstreamPage;
  readonly files: readonly BundledFile[];
}

export interface ReadBundle {
  readonly manifest: BundleManifest;
  readonly projects: ReadonlyMap<string, BundledProject>;
  /** Of the whole bundle. */
  readonly sha256: string;
}

/** A file or a sidecar that a bundle holds. */
export interface BundledBytes {
  readonly project: string;
  /** Below the index, decoded. */
  readonly relpath: string;
  readonly isSidecar: boolean;
  readonly sha256: string;
  readonly size: number;
}

/** Takes the bytes; the chunks end with an error unless they are what the manifest says. */
export type TakeBytes = (bytes: BundledBytes, chunks: AsyncIterable<Buffer>) => Promise<void>;

type Expected =
  | { readonly kind: 'page'; readonly project: string; readonly sha256: string; readonly size: number }
  | ({ readonly kind: 'file' } & BundledBytes);

export interface BundleLimits {
  readonly maxFileBytes: number;
}

const MANIFEST = 'manifest.json';
const MAX_MANIFEST_BYTES = 128 * 1024 ** 2;
const MAX_PAGE_BYTES = 128 * 1024 ** 2;
const MAX_PAGE_FILES = 100_000;
/** Of no meaning but to be absolute: where the files come from is not for a bundle to say. */
const PAGE_URL = 'https://bundle.invalid/simple/';

/**
 * Reads a bundle from front to back and checks everything: each entry is announced by the manifest, comes once, is a
 * plain file, and has the announced size and hash; pages pass the same checks as those of an upstream index. Names of
 * entries are compared, never used as paths. Throws `packages.invalid-bundle`, naming the entry; what `take` got by then
 * must be thrown away.
 */
export async function readBundle(
  path: string,
  { maxFileBytes }: BundleLimits,
  take: TakeBytes,
  progress: Progress,
): Promise<ReadBundle> {
  const whole = createHash('sha256');
  const source = createReadStream(path, { highWaterMark: 1024 ** 2 });
  const entries = extract();
  source.on('data', (chunk) => whole.update(chunk));
  source.on('error', (cause) => {
    entries.destroy(
      new AppError(packagesErrors.invalidBundle, `cannot read ${path}: ${cause.message}`, { cause }),
    );
  });
  source.pipe(entries);
  const pages = new Map<string, UpstreamPage>();
  let manifest: BundleManifest | undefined;
  let expected = new Map<string, Expected>();
  let total = 0;
  try {
    for await (const entry of entries) {
      const { name } = entry.header;
      if (manifest === undefined) {
        if (name !== MANIFEST) throw invalid(name, `comes before ${MANIFEST}`);
        manifest = parseManifest(await readWhole(entry, undefined, MAX_MANIFEST_BYTES));
        expected = expectEntries(manifest, maxFileBytes);
        total = expected.size;
        progress.step('reading the bundle');
        continue;
      }
      const wanted = expected.get(name);
      if (wanted === undefined) throw invalid(name, 'is not in the manifest, or comes twice');
      expected.delete(name);
      if (wanted.kind === 'page') {
        const body = await readWhole(entry, wanted, MAX_PAGE_BYTES);
        pages.set(wanted.project, parsePage(name, body, wanted.project));
      } else await take(wanted, verified(entry, wanted));
      progress.count(total - expected.size, total);
    }
  } catch (error) {
    throw describe(error, path);
  } finally {
    source.destroy();
    entries.destroy();
  }
  if (manifest === undefined) throw new AppError(packagesErrors.invalidBundle, `${path} has no ${MANIFEST}`);
  const [missing] = expected.keys();
  if (missing !== undefined) throw invalid(missing, 'is missing');
  return { manifest, projects: joinPages(manifest, pages), sha256: whole.digest('hex') };
}

/** Checks a bundle and keeps nothing of it. */
export async function verifyBundle(path: string, progress: Progress): Promise<ReadBundle> {
  const pass = async (_bytes: BundledBytes, chunks: AsyncIterable<Buffer>) => {
    for await (const _chunk of chunks);
  };
  return await readBundle(path, { maxFileBytes: Infinity }, pass, progress);
}

function parseManifest(body: Buffer): BundleManifest {
  const result = BundleManifest.safeParse(parseJson(body));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(MANIFEST, `${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}

function expectEntries({ pages, files }: BundleManifest, maxFileBytes: number): Map<string, Expected> {
  const expected = new Map<string, Expected>();
  const add = (name: string, entry: Expected, limit: number) => {
    if (expected.has(name)) throw invalid(MANIFEST, `lists ${shown(name)} twice`);
    if (entry.size > limit) throw invalid(name, `is larger than ${limit} bytes`);
    expected.set(name, entry);
  };
  for (const page of pages) add(`pages/${page.project}.json`, { kind: 'page', ...page }, MAX_PAGE_BYTES);
  const names = new Set<string>();
  for (const { project, filename, relpath, sha256, size, sidecar } of files) {
    const name = `files/${relpath}`;
    if (relpath !== fileRelpath(sha256, filename)) throw invalid(name, 'does not fit its hash and its name');
    if (!expected.has(`pages/${project}.json`)) throw invalid(name, `has no page of ${project}`);
    if (names.has(`${project}/${filename}`)) throw invalid(MANIFEST, `lists ${shown(filename)} twice`);
    names.add(`${project}/${filename}`);
    add(name, { kind: 'file', project, relpath, isSidecar: false, sha256, size }, maxFileBytes);
    if (sidecar === undefined) continue;
    const beside = { project, relpath: `${relpath}${METADATA_SUFFIX}`, isSidecar: true, ...sidecar };
    add(`${name}${METADATA_SUFFIX}`, { kind: 'file', ...beside }, MAX_METADATA_BYTES);
  }
  return expected;
}

/** The bytes of an entry; ends with an error unless size and hash are right. */
async function* verified(
  entry: Entry,
  { sha256, size }: { readonly sha256: string; readonly size: number },
): AsyncGenerator<Buffer> {
  const { name } = entry.header;
  checkHeader(entry);
  if (entry.header.size !== size)
    throw invalid(name, `has ${entry.header.size} bytes, but the manifest says ${size}`);
  const hash = createHash('sha256');
  for await (const chunk of entry) {
    hash.update(chunk as Buffer);
    yield chunk as Buffer;
  }
  const actual = hash.digest('hex');
  if (actual !== sha256) throw invalid(name, `has the sha256 ${actual}, not ${sha256}`);
}

async function readWhole(
  entry: Entry,
  expected: { readonly sha256: string; readonly size: number } | undefined,
  maxBytes: number,
): Promise<Buffer> {
  const { name, size = 0 } = entry.header;
  checkHeader(entry);
  if (size > maxBytes) throw invalid(name, `is larger than ${maxBytes} bytes`);
  const chunks: Buffer[] = [];
  const source = expected === undefined ? entry : verified(entry, expected);
  for await (const chunk of source) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function checkHeader({ header: { name, type } }: Entry): void {
  if (type !== 'file') throw invalid(name, `is a ${type ?? 'thing of unknown type'}, not a file`);
}

function parsePage(name: string, body: Buffer, project: string): UpstreamPage {
  const text = body.toString('utf8');
  // HTML is for upstream indexes of old; we write JSON only.
  if (!text.trimStart().startsWith('{')) throw invalid(name, 'is no JSON page of the simple API');
  try {
    return readUpstreamPage(text, {
      url: `${PAGE_URL}${project}/`,
      project,
      maxFiles: MAX_PAGE_FILES,
    });
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw invalid(name, `cannot be read: ${cause.message.slice(0, 200)}`);
  }
}

/** Pairs each file with what its page says of it; the page's other files did not come along. */
function joinPages(
  { files }: BundleManifest,
  pages: ReadonlyMap<string, UpstreamPage>,
): Map<string, BundledProject> {
  const projects = new Map<string, BundledProject>();
  for (const [project, ofProject] of Map.groupBy(files, (file) => file.project)) {
    const page = pages.get(project);
    const listed = new Map(page?.files.map((link) => [link.filename, link]));
    const links = ofProject.map((file) => joinLink(file, listed.get(file.filename)));
    if (page !== undefined) projects.set(project, { page: { ...page, files: links }, files: ofProject });
  }
  return projects;
}

function joinLink(
  { project, filename, relpath, sha256, size, sidecar }: BundledFile,
  link: Link | undefined,
): Link {
  if (link === undefined)
    throw invalid(`pages/${project}.json`, `has no acceptable entry for ${shown(filename)}`);
  const told = link.hashes['sha256'];
  if (told !== undefined && told !== sha256)
    throw invalid(`files/${relpath}`, `has another sha256 on its page, ${told}`);
  return { ...link, hashes: { sha256 }, size, coreMetadata: sidecar?.sha256 };
}

function describe(error: unknown, path: string): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  // Those of the tar reader; it has no class or code for them.
  if (!/^(?:Unexpected end of data|Invalid tar|.*\bheader\b)/i.test(error.message)) return error;
  return new AppError(packagesErrors.invalidBundle, `${path} is cut off or no tar file: ${error.message}`, {
    cause: error,
  });
}

function invalid(entry: string, problem: string): AppError {
  return new AppError(packagesErrors.invalidBundle, `${shown(entry)} ${problem}`);
}

/** A name from a bundle, fit to be printed. */
function shown(name: string): string {
  const printable = name.replace(/[^\x20-\x7e]/g, '?');
  return printable.length <= 200 ? printable : `${printable.slice(0, 197)}...`;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw invalid(MANIFEST, 'is no JSON');
  }
}
