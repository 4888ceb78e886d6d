import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip, createZstdCompress } from 'node:zlib';
import { escapeHtml } from '#web/escape-html.ts';
import type { Coding } from '#kernel/http/accept.ts';
import { API_VERSION } from '../simple/render-json.ts';
import { parseNames } from './parse-names.ts';

/** What the worker does; paths are absolute. */
export type ListWork =
  | {
      readonly kind: 'parse';
      /** The body as upstream sent it. */
      readonly source: string;
      readonly isGzip: boolean;
      /** Of the list when it is inflated. */
      readonly maxBytes: number;
      /** One name a line, sorted. */
      readonly target: string;
    }
  | {
      readonly kind: 'render';
      readonly index: string;
      /** Files of names, one a line, each sorted. */
      readonly sources: readonly string[];
      readonly names: readonly string[];
      /** The forms are written to this path with `.json`, `.json.gzip` and so on behind it. */
      readonly target: string;
    };

/** ETags by form: `json gzip`. */
export type RenderedForms = Readonly<Record<string, { readonly etag: string; readonly size: number }>>;

const PIECE = 64 * 1024;

/** Runs in a worker thread: a million names take seconds of parsing, sorting and compressing. */
export async function doListWork(work: ListWork): Promise<{ readonly count: number } | RenderedForms> {
  return work.kind === 'parse' ? await parseList(work) : await renderList(work);
}

async function parseList({
  source,
  isGzip,
  maxBytes,
  target,
}: Extract<ListWork, { kind: 'parse' }>): Promise<{ count: number }> {
  const file = createReadStream(source);
  const body = isGzip ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => body.destroy(error));
  const names = [...(await parseNames(limited(body, maxBytes).setEncoding('utf8')))].sort();
  await writeDurably(target, pieces(names.map((name) => `${name}\n`)));
  return { count: names.length };
}

/** The same stream, failing when it grows beyond the limit. */
export function limited(stream: Readable, maxBytes: number): Readable {
  return Readable.from(
    (async function* count() {
      let size = 0;
      for await (const chunk of stream) {
        size += (chunk as Buffer).byteLength;
        if (size > maxBytes) throw new SyntaxError(`the list of projects is larger than ${maxBytes} bytes`);
        yield chunk as Buffer;
      }
    })(),
    { objectMode: false },
  );
}

async function renderList(work: Extract<ListWork, { kind: 'render' }>): Promise<RenderedForms> {
  const names = new Set(work.names);
  for (const source of work.sources) for await (const name of readLines(source)) names.add(name);
  const sorted = work.sources.length === 1 && work.names.length === 0 ? [...names] : [...names].sort();
  const forms: Record<string, { etag: string; size: number }> = {};
  for (const form of ['json', 'html'] as const) {
    for (const coding of ['identity', 'gzip', 'zstd'] as const) {
      const body = form === 'json' ? jsonLines(sorted) : htmlLines(work.index, sorted);
      const path = coding === 'identity' ? `${work.target}.${form}` : `${work.target}.${form}.${coding}`;
      forms[`${form} ${coding}`] = await writeForm(path, body, coding);
    }
  }
  return forms;
}

async function writeForm(
  path: string,
  body: Iterable<string>,
  coding: Coding,
): Promise<{ etag: string; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  const measured = async function* measure(source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.byteLength;
      yield chunk;
    }
  };
  const temporary = `${path}.new`;
  const source = Readable.from(pieces(body), { objectMode: false });
  const target = createWriteStream(temporary, { mode: 0o600 });
  if (coding === 'identity') await pipeline(source, measured, target);
  else await pipeline(source, compressor(coding), measured, target);
  await rename(temporary, path);
  return { etag: `"${hash.digest('base64url').slice(0, 27)}"`, size };
}

function compressor(coding: 'gzip' | 'zstd') {
  if (coding === 'gzip') return createGzip();
  return createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 6 } });
}

function* jsonLines(names: readonly string[]): Iterable<string> {
  yield `{"meta":{"api-version":"${API_VERSION}"},"projects":[`;
  for (const [position, name] of names.entries()) yield `${position === 0 ? '' : ','}{"name":"${name}"}`;
  yield ']}';
}

function* htmlLines(index: string, names: readonly string[]): Iterable<string> {
  const title = `${escapeHtml(index)}: simple list`;
  yield `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n`;
  yield `<meta name="pypi:repository-version" content="${API_VERSION}">\n<title>${title}</title>\n</head>\n`;
  yield `<body>\n<h1>${title}</h1>\n`;
  // Project names are letters, digits and hyphens: nothing in them needs escaping.
  for (const name of names) yield `<a href="${name}/">${name}</a><br>\n`;
  yield '</body>\n</html>\n';
}

/** Joins short texts into pieces that are worth a write. */
function* pieces(texts: Iterable<string>): Iterable<Buffer> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  if (piece !== '') yield Buffer.from(piece);
}

async function writeDurably(path: string, chunks: Iterable<Buffer>): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    for (const chunk of chunks) await file.writeFile(chunk);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** The lines of a file, one after the other. */
export function readLines(path: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(path), crlfDelay: Infinity });
}
