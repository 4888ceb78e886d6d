import { decode, excerpt, send, type Answer, type Encoding } from './http.ts';
import type { LoadRequest } from './load.ts';
import type { Server } from './server.ts';

export type Format = 'json' | 'html';

export interface Page {
  readonly project: string;
  readonly files: number;
  readonly format: Format;
}

/** One row of the table: a page in one form, fetched whole or revalidated. */
export interface PageCase extends Page {
  readonly encoding: Encoding;
  readonly status: 200 | 304;
}

const formats: readonly Format[] = ['json', 'html'];
const encodings: readonly Encoding[] = ['identity', 'gzip', 'zstd'];

export const mediaTypes: Readonly<Record<Format, string>> = {
  json: 'application/vnd.pypi.simple.v1+json',
  html: 'text/html',
};

export function projectName(files: number): string {
  return `bench-${files}`;
}

export function listPages(sizes: readonly number[]): Page[] {
  return sizes.flatMap((files) => formats.map((format) => ({ project: projectName(files), files, format })));
}

export function listCases(pages: readonly Page[]): PageCase[] {
  return pages.flatMap((page) =>
    encodings.flatMap((encoding) => ([200, 304] as const).map((status) => ({ ...page, encoding, status }))),
  );
}

export function describeCase({ files, format, encoding, status }: PageCase): string {
  return `${files} files, ${format}, ${encoding}, ${status}`;
}

/** Where a target has a page: a package index negotiates, nginx has one path for each form. */
export type PagePaths = (page: Page, encoding: Encoding) => string;

export const indexPagePaths: PagePaths = ({ project }) => `/bench/index/+simple/${project}/`;

export const nginxPagePaths: PagePaths = (page, encoding) =>
  `${encoding === 'zstd' ? '/zstd' : ''}/${page.format}/${page.project}`;

/** A request whose answers were found right, the size of one such answer's body, or why there is none. */
export type CheckedRequest =
  | { readonly request: LoadRequest; readonly bodyBytes: number }
  | { readonly unavailable: string };

/**
 * Asks once for everything that is going to be measured. What a server does not offer is `unavailable`;
 * an answer that is wrong ends the benchmark, since a fast wrong answer is worth nothing.
 */
export async function checkCase(
  server: Server,
  paths: PagePaths,
  pageCase: PageCase,
): Promise<CheckedRequest> {
  const what = `${server.name}: ${describeCase(pageCase)}`;
  const identity = await fetchPage(server, paths, pageCase, 'identity');
  const path = paths(pageCase, pageCase.encoding);
  const headers = pageHeaders(pageCase.format, pageCase.encoding);
  const answer = await send(server.url + path, { headers });
  if (answer.status !== 200) throw new Error(`${what}: ${answer.status} ${excerpt(answer.body)}`);
  if ((answer.headers['content-encoding'] ?? 'identity') !== pageCase.encoding) {
    return { unavailable: `no ${pageCase.encoding}` };
  }
  if (!(await decode(answer.body, pageCase.encoding)).equals(identity.body)) {
    throw new Error(`${what}: decoded, the body differs from the identity body`);
  }
  if (pageCase.status === 200) return { request: { path, headers }, bodyBytes: answer.body.length };
  return await checkRevalidation(server, path, headers, answer, what);
}

async function checkRevalidation(
  server: Server,
  path: string,
  headers: Readonly<Record<string, string>>,
  answer: Answer,
  what: string,
): Promise<CheckedRequest> {
  const { etag } = answer.headers;
  if (etag === undefined) return { unavailable: 'no ETag' };
  const conditional = { ...headers, 'if-none-match': etag };
  const same = await send(server.url + path, { headers: conditional });
  if (same.status !== 304 || same.body.length > 0)
    throw new Error(`${what}: ${same.status} for its own ETag`);
  const other = await send(server.url + path, { headers: { ...headers, 'if-none-match': '"another"' } });
  if (other.status !== 200) throw new Error(`${what}: ${other.status} for another ETag`);
  return { request: { path, headers: conditional }, bodyBytes: 0 };
}

export async function fetchPage(
  server: Server,
  paths: PagePaths,
  page: Page,
  encoding: Encoding,
): Promise<Answer> {
  const url = server.url + paths(page, encoding);
  const answer = await send(url, { headers: pageHeaders(page.format, encoding) });
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${excerpt(answer.body)}`);
  return answer;
}

function pageHeaders(format: Format, encoding: Encoding): Record<string, string> {
  return { accept: mediaTypes[format], 'accept-encoding': encoding };
}

/** Fails unless the page lists exactly the expected files with their hashes. */
export function checkListing(
  what: string,
  format: Format,
  body: Buffer,
  expected: ReadonlyMap<string, string>,
): void {
  const listed = format === 'json' ? listJson(body) : listHtml(body);
  const wrong = [...expected].filter(([filename, sha256]) => listed.get(filename) !== sha256);
  if (wrong.length > 0 || listed.size !== expected.size) {
    throw new Error(
      `${what}: ${listed.size} files for ${expected.size}, ${wrong.length} missing or with a wrong hash`,
    );
  }
}

interface JsonPage {
  readonly files: readonly { filename: string; url: string; hashes: { sha256?: string } }[];
}

export function parseJsonPage(body: Buffer): JsonPage {
  return JSON.parse(body.toString()) as JsonPage;
}

function listJson(body: Buffer): Map<string, string | undefined> {
  return new Map(parseJsonPage(body).files.map((file) => [file.filename, file.hashes.sha256]));
}

function listHtml(body: Buffer): Map<string, string> {
  const anchors = body.toString().matchAll(/<a\s[^>]*?href="[^"]*#sha256=([0-9a-f]{64})[^>]*>([^<]*)<\/a>/g);
  return new Map([...anchors].map((match) => [match[2]!.trim(), match[1]!]));
}
