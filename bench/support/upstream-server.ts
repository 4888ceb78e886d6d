// The fixture upstream, a process of its own: a synthetic index as PyPI would serve it, and a count of what is asked.
// Prints its URL when it is ready. Arguments: names in the root list, added latency in milliseconds.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32, gzipSync } from 'node:zlib';
import {
  burstProject,
  fillerNames,
  freshProject,
  SyntheticIndex,
  type IndexProject,
} from './synthetic-index.ts';

const [listLength, latencyMs] = process.argv.slice(2).map(Number) as [number, number];
const SERIAL = '4711';
const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';
const HTML_TYPE = 'text/html; charset=utf-8';

interface Form {
  readonly type: string;
  readonly etag: string;
  readonly identity: Buffer;
  readonly gzip: Buffer;
}

const index = new SyntheticIndex();
const forms = new Map<string, Form>();
const counts = new Map<string, number>();

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    response.destroy();
  });
});
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', 1024, () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').split('?')[0]!;
  if (path.startsWith('/-/')) return control(path.slice(2), response);
  counts.set(path, (counts.get(path) ?? 0) + 1);
  if (latencyMs > 0) await sleep(latencyMs);
  const [, area, project = '', filename] = path.split('/').map(decodeURIComponent);
  if (area === 'simple' && filename === '') sendForm(request, response, path, () => pageOf(project));
  else if (area === 'simple' && project === '') sendForm(request, response, path, () => listOf());
  else if (area === 'simple' && filename === undefined) {
    response.writeHead(301, { location: `${path}/`, 'content-length': '0' }).end();
  } else if (area === 'packages' && filename !== undefined) sendFile(response, project, filename);
  else notFound(response);
}

/** What the benchmark itself asks; neither counted nor late. */
function control(path: string, response: ServerResponse): void {
  const [, verb, ...rest] = path.split('/').map(decodeURIComponent);
  if (verb === 'counts') return sendJson(response, Object.fromEntries(counts));
  if (verb === 'reset') {
    counts.clear();
    return sendJson(response, {});
  }
  if (verb === 'resolution') return sendJson(response, index.resolution);
  if (verb === 'project') return sendJson(response, index.project(rest[0] ?? '') ?? null);
  const bytes = verb === 'checksum' ? index.read(rest[0] ?? '', rest[1] ?? '') : undefined;
  if (bytes === undefined) return notFound(response);
  sendJson(response, { crc32: crc32(bytes), size: bytes.length });
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}

interface Texts {
  readonly json: () => string;
  readonly html: () => string;
}

function sendForm(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  render: () => Texts | undefined,
): void {
  const isJson = request.headers.accept?.includes(JSON_TYPE) ?? false;
  const key = `${path} ${isJson}`;
  let form = forms.get(key);
  if (form === undefined) {
    const texts = render();
    if (texts === undefined) return notFound(response);
    const identity = Buffer.from(isJson ? texts.json() : texts.html());
    const etag = `"${createHash('sha256').update(identity).digest('hex').slice(0, 20)}"`;
    form = { type: isJson ? JSON_TYPE : HTML_TYPE, etag, identity, gzip: gzipSync(identity) };
    forms.set(key, form);
  }
  const headers = {
    etag: form.etag,
    'cache-control': 'max-age=600, public',
    vary: 'Accept, Accept-Encoding',
    'x-pypi-last-serial': SERIAL,
  };
  if (request.headers['if-none-match'] === form.etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const isGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = isGzip ? form.gzip : form.identity;
  const encoding = isGzip ? { 'content-encoding': 'gzip' } : {};
  response
    .writeHead(200, { 'content-type': form.type, 'content-length': body.length, ...encoding, ...headers })
    .end(request.method === 'HEAD' ? undefined : body);
}

function sendFile(response: ServerResponse, project: string, filename: string): void {
  const bytes = index.read(project, filename);
  if (bytes === undefined) return notFound(response);
  response
    .writeHead(200, {
      'content-type': filename.endsWith('.metadata') ? 'text/plain' : 'application/octet-stream',
      'content-length': bytes.length,
      'cache-control': 'max-age=365000000, immutable, public',
      'accept-ranges': 'none',
    })
    .end(bytes);
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
}

/** Links are relative, so that a cache that changes nothing can stand in front. */
function linkOf(project: string, filename: string): string {
  return `../../packages/${project}/${filename}`;
}

function pageOf(name: string): Texts | undefined {
  const project = index.project(name);
  if (project === undefined) return undefined;
  return { json: () => renderJson(project), html: () => renderHtml(project) };
}

function renderJson({ name, files }: IndexProject): string {
  return JSON.stringify({
    meta: { 'api-version': '1.3', '_last-serial': Number(SERIAL) },
    name,
    versions: [...new Set(files.map(({ version }) => version))],
    files: files.map((file) => {
      const metadata = file.metadataSha256 === undefined ? false : { sha256: file.metadataSha256 };
      return {
        'core-metadata': metadata,
        'data-dist-info-metadata': metadata,
        filename: file.filename,
        hashes: { sha256: file.sha256 },
        provenance: null,
        'requires-python': '>=3.8',
        size: file.size,
        'upload-time': file.uploadTime,
        url: linkOf(name, file.filename),
        yanked: false,
      };
    }),
  });
}

function renderHtml({ name, files }: IndexProject): string {
  const anchors = files.map((file) => {
    const metadata =
      file.metadataSha256 === undefined
        ? ''
        : ` data-dist-info-metadata="sha256=${file.metadataSha256}" data-core-metadata="sha256=${file.metadataSha256}"`;
    return (
      `<a href="${linkOf(name, file.filename)}#sha256=${file.sha256}" data-requires-python="&gt;=3.8"` +
      `${metadata} >${file.filename}</a><br />\n`
    );
  });
  return (
    `<!DOCTYPE html>\n<html>\n<head>\n<meta name="pypi:repository-version" content="1.3">\n` +
    `<title>Links for ${name}</title>\n</head>\n<body>\n<h1>Links for ${name}</h1>\n${anchors.join('')}</body>\n</html>\n`
  );
}

/** Projects of single workloads: devpi-server asks upstream only for what the list names. */
function* askedLater(): Generator<string> {
  yield* ['bench-page-20', 'bench-page-300', 'bench-page-4000', 'bench-merged-60'];
  for (let round = 0; round < 200; round++) {
    yield freshProject(String(round), 300);
    yield burstProject(String(round));
  }
}

function listOf(): Texts {
  const names = [...index.names(), ...askedLater(), ...fillerNames(listLength)];
  return {
    json: () =>
      JSON.stringify({
        meta: { 'api-version': '1.3', '_last-serial': Number(SERIAL) },
        projects: names.map((name) => ({ '_last-serial': Number(SERIAL), name })),
      }),
    html: () =>
      `<!DOCTYPE html>\n<html>\n<body>\n${names.map((name) => `<a href="/simple/${name}/">${name}</a>\n`).join('')}</body>\n</html>\n`,
  };
}
