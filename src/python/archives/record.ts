import { demand, quoted } from '../archive-rejected.ts';
import type { HashAlgorithm } from './zip/zip.ts';

/** One line of a wheel's RECORD. */
export interface RecordLine {
  readonly path: string;
  readonly hash?: { readonly algorithm: HashAlgorithm; readonly digest: Buffer };
  readonly bytes?: number;
}

const DIGEST_BYTES: Readonly<Record<HashAlgorithm, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** Reads a RECORD file line by line: a CSV of path, hash and size (PEP 376), where hashes are sha256 or better (PEP 427). */
export function* parseRecord(text: string): Generator<RecordLine> {
  for (const row of csvRows(text)) {
    if (row.length === 1 && row[0] === '') continue;
    const [path = '', hash = '', size = ''] = row;
    demand(
      row.length === 3 && path !== '',
      'wheel.record-syntax',
      () => `RECORD line ${quoted(row.join(','))} is not path,hash,size`,
    );
    yield {
      path,
      ...(hash !== '' && { hash: parseHash(hash, path) }),
      ...(size !== '' && { bytes: parseSize(size, path) }),
    };
  }
}

function parseHash(text: string, path: string): { algorithm: HashAlgorithm; digest: Buffer } {
  const at = text.indexOf('=');
  const algorithm = at < 0 ? text : text.slice(0, at);
  demand(
    Object.hasOwn(DIGEST_BYTES, algorithm),
    'wheel.record-hash-algorithm',
    () => `RECORD has a ${quoted(algorithm)} hash for ${quoted(path)}; sha256, sha384 and sha512 are allowed`,
  );
  const known = algorithm as HashAlgorithm;
  const digest = decodeDigest(text.slice(at + 1), DIGEST_BYTES[known]);
  demand(
    digest !== undefined,
    'wheel.record-syntax',
    () => `RECORD has a malformed hash for ${quoted(path)}`,
  );
  return { algorithm: known, digest };
}

// URL-safe base64 without padding, says PEP 427; wheels of gmsh have hex, which is longer and so cannot be confused.
function decodeDigest(text: string, bytes: number): Buffer | undefined {
  if (text.length === 2 * bytes && /^[0-9a-fA-F]+$/.test(text)) return Buffer.from(text, 'hex');
  const digest = /^[A-Za-z0-9_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64url') : undefined;
  return digest?.length === bytes ? digest : undefined;
}

function parseSize(text: string, path: string): number {
  demand(
    /^[0-9]{1,15}$/.test(text),
    'wheel.record-syntax',
    () => `RECORD has a malformed size for ${quoted(path)}`,
  );
  return Number(text);
}

// Fields with commas, quotes or line breaks are quoted, and quotes in them doubled, as Python's csv module writes them.
function* csvRows(text: string): Generator<string[]> {
  let at = 0;
  while (at < text.length) {
    const row: string[] = [];
    for (;;) {
      const { field, next } = text[at] === '"' ? quotedField(text, at) : plainField(text, at);
      row.push(field);
      at = next;
      if (text[at] !== ',') break;
      demand(row.length <= 3, 'wheel.record-syntax', () => 'RECORD has a line with more than three fields');
      at++;
    }
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    yield row;
  }
}

function plainField(text: string, at: number): { field: string; next: number } {
  const end = /[,\r\n]/g;
  end.lastIndex = at;
  const next = end.exec(text)?.index ?? text.length;
  return { field: text.slice(at, next), next };
}

function quotedField(text: string, at: number): { field: string; next: number } {
  let end = text.indexOf('"', at + 1);
  while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  demand(end >= 0, 'wheel.record-syntax', () => 'RECORD has a quote that is never closed');
  const next = end + 1;
  demand(
    next >= text.length || ',\r\n'.includes(text[next] ?? ''),
    'wheel.record-syntax',
    () => 'RECORD has text behind a closing quote',
  );
  return { field: text.slice(at + 1, end).replaceAll('""', '"'), next };
}
