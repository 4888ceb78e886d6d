import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { takesGzip } from '#kernel/http/accept.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { matchesEtag } from '#kernel/http/etag.ts';
import { packagesErrors } from '../errors.ts';
import { PRIVATE_CACHE_CONTROL, privateVary } from '../private-answer.ts';
import { documentationType } from './content-type.ts';
import type { DocumentationFile, DocumentationFiles } from './documentation-files.ts';
import { readDocumentationFile } from './read-documentation-file.ts';
import { adaptPage, ADAPTED_FORM } from './sandbox-page.ts';
import type { Documentation } from '../documentation/store.ts';

/** Held in memory while it is inflated; of larger ones only pieces. */
const MAX_HELD_BYTES = 1024 ** 2;
/** The longest page that is adapted to its sandbox. */
const MAX_PAGE_BYTES = 16 * 1024 ** 2;

/**
 * Whoever uploaded the page wrote it, and it comes from where readers are logged in: it gets an origin of its own, so that it
 * reads no cookie, asks nothing as the reader and changes nothing here. Scripts run, since a search within documentation is one;
 * forms lead to its search page; links may open pages beside it.
 */
const SANDBOX =
  "sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads; frame-ancestors 'self'; form-action 'self'; base-uri 'self'";

/**
 * What not everybody may read needs the reader's cookie for every style and picture, and browsers do not send it for a page without
 * an origin. Such pages keep theirs and get neither scripts nor forms nor requests.
 */
const STILL = [
  'sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-downloads',
  "default-src 'self' data:",
  "script-src 'none'",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'none'",
  "object-src 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  "base-uri 'none'",
].join('; ');

export interface DocumentationAnswer {
  readonly zip: Documentation;
  /** In the zip. */
  readonly path: string;
  readonly file: DocumentationFile;
  readonly files: DocumentationFiles;
  readonly isPrivate: boolean;
}

/**
 * Sends a file of documentation: HEAD, 304, as it lies in the zip to who takes gzip, which deflated members become by a header
 * and a trailer, else inflated.
 */
export async function sendDocumentationFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { zip, path, file, files, isPrivate }: DocumentationAnswer,
): Promise<void> {
  refuseOwnPages(request, isPrivate);
  const type = documentationType(path);
  const isPage =
    !isPrivate && /^(?:text\/html|application\/xhtml)/.test(type) && file.bytes <= MAX_PAGE_BYTES;
  const isZipped = !isPage && file.method === 'deflate' && takesGzip(request.headers['accept-encoding']);
  const form = isPage ? ADAPTED_FORM : isZipped ? 'gzip' : '';
  const etag = `"${createHash('sha256').update(`${zip.sha256} ${path} ${form}`).digest('hex').slice(0, 32)}"`;
  const headers = {
    'content-security-policy': isPrivate ? STILL : SANDBOX,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    etag,
    'last-modified': new Date(zip.uploadedAt).toUTCString(),
    'cache-control': isPrivate ? PRIVATE_CACHE_CONTROL : 'max-age=60',
    vary: isPrivate ? privateVary('Accept-Encoding') : 'Accept-Encoding',
  };
  void reply.headers(headers);
  if (matchesEtag(request.headers['if-none-match'], etag)) {
    await reply.code(304).send();
    return;
  }
  void reply.code(200).header('content-type', type);
  if (isPage) {
    await reply.send(adaptPage(await readDocumentationFile(files, zip, file)));
    return;
  }
  const length = isZipped ? file.compressedBytes + GZIP_HEADER.length + GZIP_TRAILER_BYTES : file.bytes;
  void reply.header('content-length', length);
  if (isZipped) void reply.header('content-encoding', 'gzip');
  if (request.method === 'HEAD') await reply.send(Readable.from([]));
  else if (isZipped) await reply.send(Readable.from(gzipped(files, zip, file)));
  else if (file.bytes <= MAX_HELD_BYTES) await reply.send(await readDocumentationFile(files, zip, file));
  else await reply.send(Readable.from(inflatedPieces(files, zip, file)));
}

/**
 * Scripts and styles are for documentation, whose pages have no origin: a page of ours that somebody managed to write into must
 * not find code here that its own policy allows. Documentation that has our origin has no scripts.
 */
function refuseOwnPages({ headers }: FastifyRequest, isPrivate: boolean): void {
  const isOurs = headers['sec-fetch-site'] === 'same-origin';
  const destination = String(headers['sec-fetch-dest'] ?? '');
  const isCode = /^(?:script|\w*worker|object|embed)$/.test(destination);
  if (isOurs && (isCode || (destination === 'style' && !isPrivate))) {
    throw new AppError(packagesErrors.documentationNotFound, 'only documentation itself may load this');
  }
}

function inflatedPieces(files: DocumentationFiles, zip: Documentation, file: DocumentationFile) {
  const pieces = Readable.from(files.read(zip, file));
  return file.method === 'stored' ? pieces : pieces.compose(createInflateRaw());
}

const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
const GZIP_TRAILER_BYTES = 8;

/** A deflated member as gzip (RFC 1952): checksum and size are those of the zip, which were found right at its upload. */
async function* gzipped(
  files: DocumentationFiles,
  zip: Documentation,
  file: DocumentationFile,
): AsyncGenerator<Buffer> {
  yield GZIP_HEADER;
  yield* files.read(zip, file);
  const trailer = Buffer.alloc(GZIP_TRAILER_BYTES);
  trailer.writeUInt32LE(file.crc32, 0);
  trailer.writeUInt32LE(file.bytes % 2 ** 32, 4);
  yield trailer;
}
