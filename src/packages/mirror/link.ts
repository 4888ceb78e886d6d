import { createHash } from 'node:crypto';
import { encodePathSegment, fileRelpath } from '../model/file-path.ts';
import type { PageFile } from '../model/page-file.ts';

/** A file as upstream lists it, validated: what a page shows of it, and where its bytes are. */
export type Link = Omit<PageFile, 'url'> & {
  /** Absolute, http or https, without fragment or credentials. */
  readonly url: string;
};

/** Best first: the name on pages, which is Python's, and Node's name. */
const ALGORITHMS = new Map([
  ['sha256', 'sha256'],
  ['sha512', 'sha512'],
  ['sha384', 'sha384'],
  ['blake2b', 'blake2b512'],
  ['sha3_512', 'sha3-512'],
  ['sha3_384', 'sha3-384'],
  ['sha3_256', 'sha3-256'],
  ['blake2s', 'blake2s256'],
  ['sha224', 'sha224'],
  ['sha1', 'sha1'],
  ['md5', 'md5'],
]);

/** What Node calls an algorithm; undefined for one that we cannot check. */
export function hasherName(algorithm: string): string | undefined {
  return ALGORITHMS.get(algorithm);
}

export interface Hash {
  readonly algorithm: string;
  /** Lower-case hex. */
  readonly digest: string;
}

/** The strongest of the hashes, sha256 first because every installer knows it. */
export function bestHash(hashes: Readonly<Record<string, string>>): Hash | undefined {
  const algorithm = ALGORITHMS.keys().find((name) => hashes[name] !== undefined);
  return algorithm === undefined ? undefined : { algorithm, digest: hashes[algorithm] ?? '' };
}

/**
 * Where we serve a link: below `+f/` by its hash as own files are, or below `+e/` by its URL when upstream gives none
 * (reference devpi.md 1.10). Percent-encoded, without a leading slash.
 */
export function linkPath(index: { readonly user: string; readonly name: string }, link: Link): string {
  return `${encodePathSegment(index.user)}/${encodePathSegment(index.name)}/${linkRelpath(link)}`;
}

/** The part of the path below the index. */
export function linkRelpath({ hashes, url, filename }: Link): string {
  const digest = bestHash(hashes)?.digest;
  const name = encodePathSegment(filename);
  if (digest !== undefined) return fileRelpath(digest, name);
  return `+e/${urlDirectory(url)}/${name}`;
}

const MAX_DIRECTORY = 150;

/** `https://host:8080/a/b/file` is `https_host_8080_a_b`; what is too long or has a query is told apart by a hash. */
function urlDirectory(url: string): string {
  const { protocol, host, pathname, search } = new URL(url);
  const text = `${protocol.slice(0, -1)}_${host}${pathname.split('/').slice(0, -1).join('_')}`;
  const safe = text.replace(/[^A-Za-z0-9_.-]/g, '_');
  if (safe.length <= MAX_DIRECTORY && search === '') return safe;
  return `${safe.slice(0, MAX_DIRECTORY)}-${createHash('sha256').update(url).digest('hex').slice(0, 16)}`;
}
