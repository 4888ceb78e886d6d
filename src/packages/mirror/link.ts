import { createHash } from 'node:crypto';
import type { PageFile } from '../simple/project-page.ts';

/** A file as upstream lists it, validated: what a page shows of it, and where its bytes are. */
export type Link = Omit<PageFile, 'url'> & {
  /** Absolute, http or https, without fragment or credentials. */
  readonly url: string;
};

/** Best first: the name on pages, which is Python's, the length in hex digits, and Node's name. */
const ALGORITHMS = new Map([
  ['sha256', { length: 64, node: 'sha256' }],
  ['sha512', { length: 128, node: 'sha512' }],
  ['sha384', { length: 96, node: 'sha384' }],
  ['blake2b', { length: 128, node: 'blake2b512' }],
  ['sha3_512', { length: 128, node: 'sha3-512' }],
  ['sha3_384', { length: 96, node: 'sha3-384' }],
  ['sha3_256', { length: 64, node: 'sha3-256' }],
  ['blake2s', { length: 64, node: 'blake2s256' }],
  ['sha224', { length: 56, node: 'sha224' }],
  ['sha1', { length: 40, node: 'sha1' }],
  ['md5', { length: 32, node: 'md5' }],
]);

/** How many hex digits a digest has; undefined for algorithms that we cannot check. */
export function digestLength(algorithm: string): number | undefined {
  return ALGORITHMS.get(algorithm)?.length;
}

/** What Node calls an algorithm. */
export function hasherName(algorithm: string): string {
  return ALGORITHMS.get(algorithm)?.node ?? algorithm;
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
 * Where we serve a link: below `+f/` by its hash as own files are, or below `+e/` by the hash of its URL when upstream
 * gives none (reference devpi.md 1.10). Percent-encoded, without a leading slash.
 */
export function linkPath(index: { readonly user: string; readonly name: string }, link: Link): string {
  const base = `${encodeURIComponent(index.user)}/${encodeURIComponent(index.name)}`;
  return `${base}/${linkRelpath(link)}`;
}

/** The part of the path below the index. */
export function linkRelpath({ hashes, url, filename }: Link): string {
  const digest = bestHash(hashes)?.digest;
  const name = encodeURIComponent(filename);
  if (digest !== undefined) return `+f/${digest.slice(0, 3)}/${digest.slice(3, 16)}/${name}`;
  return `+e/${createHash('sha256').update(url).digest('hex').slice(0, 16)}/${name}`;
}
