import { parseFilename } from '#python/names/filename.ts';
import type { ProjectStatus } from '../../model/page-file.ts';
import { hasherName, type Link } from '../link.ts';

/** An entry of an upstream page, of any type and with any value. */
export interface RawLink {
  readonly filename: unknown;
  readonly url: unknown;
  readonly hashes: unknown;
  readonly size: unknown;
  readonly uploadTime: unknown;
  readonly requiresPython: unknown;
  readonly yanked: unknown;
  readonly coreMetadata: unknown;
  readonly provenance: unknown;
}

const FILENAME = /^[A-Za-z0-9_][A-Za-z0-9._+!~@=,()%-]{0,254}$/;
const UPLOAD_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/;
const MAX_DIGEST = 128;
/** Signed URLs of object stores are long. */
const MAX_URL = 8000;
const MAX_REQUIRES_PYTHON = 300;
const MAX_REASON = 2000;

/**
 * The entry as a link, or one line that says why it is left out. A field that is malformed is left out alone, unless
 * the file could then be taken for something that it is not. `null` means absent: uv would refuse a page with it.
 */
export function validateLink(raw: RawLink, pageUrl: string, project: string): Link | string {
  const { filename } = raw;
  if (typeof filename !== 'string' || !FILENAME.test(filename))
    return `file name ${shown(filename)} is not safe`;
  const url = validateUrl(raw.url, pageUrl);
  if (url === undefined) return `${filename}: URL ${shown(raw.url)} is not an http or https URL`;
  if (/^(?:(?:\.|%2e){1,2})?$/i.test(url.pathname.split('/').at(-1) ?? ''))
    return `${filename}: URL has no file name`;
  const parsed = parseFilename(filename, project);
  if (parsed?.kind === 'wheel' && parsed.project !== project)
    return `${filename} does not belong to the project`;
  const hashes = validateHashes(raw.hashes);
  if (hashes === undefined) return `${filename}: hashes ${shown(raw.hashes)} are malformed`;
  const requiresPython = validateRequiresPython(raw.requiresPython);
  if (requiresPython === false)
    return `${filename}: requires-python ${shown(raw.requiresPython)} is malformed`;
  url.hash = '';
  return {
    filename,
    version: parsed?.version ?? '',
    url: url.href,
    hashes,
    size: Number.isSafeInteger(raw.size) && (raw.size as number) >= 0 ? (raw.size as number) : undefined,
    uploadTime:
      typeof raw.uploadTime === 'string' && UPLOAD_TIME.test(raw.uploadTime) ? raw.uploadTime : undefined,
    requiresPython,
    yanked: validateYanked(raw.yanked),
    coreMetadata: validateMetadata(raw.coreMetadata),
    provenance: raw.provenance === '' ? undefined : validateUrl(raw.provenance, pageUrl)?.href,
  };
}

const STATUSES = new Set(['active', 'archived', 'quarantined', 'deprecated']);

/** A status that PEP 792 knows, with its reason. */
export function validateStatus(status: unknown, reason: unknown): ProjectStatus | undefined {
  if (typeof status !== 'string' || !STATUSES.has(status)) return undefined;
  const text = shortText(reason, MAX_REASON);
  return { status, ...(text !== undefined && text !== '' && { reason: text }) };
}

function validateUrl(value: unknown, base: string): URL | undefined {
  if (typeof value !== 'string' || value.length > MAX_URL) return undefined;
  const url = URL.parse(value, base);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  url.username = '';
  url.password = '';
  return url;
}

/**
 * Digests of known algorithms. One that is no hex condemns the entry; one of a wrong length is kept as devpi keeps it: no
 * download can ever match it, so the file is listed and never served.
 */
function validateHashes(value: unknown): Record<string, string> | undefined {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const hashes: Record<string, string> = {};
  for (const [name, digest] of Object.entries(value)) {
    const algorithm = name.toLowerCase();
    if (hasherName(algorithm) === undefined) continue;
    if (typeof digest !== 'string' || digest.length > MAX_DIGEST || !/^[0-9a-fA-F]+$/.test(digest))
      return undefined;
    hashes[algorithm] = digest.toLowerCase();
  }
  return hashes;
}

/** False if it is there and cannot be told: without it the file would seem to suit every Python. */
function validateRequiresPython(value: unknown): string | undefined | false {
  if (value === undefined || value === null) return undefined;
  return shortText(value, MAX_REQUIRES_PYTHON) ?? false;
}

function validateYanked(value: unknown): string | undefined {
  if (value === true) return '';
  return typeof value === 'string' ? value.replace(/\p{Cc}+/gu, ' ').slice(0, MAX_REASON) : undefined;
}

function validateMetadata(value: unknown): string | true | undefined {
  if (value === true) return true;
  if (typeof value !== 'object' || value === null) return undefined;
  const { sha256 } = value as { readonly sha256?: unknown };
  return typeof sha256 === 'string' && /^[0-9a-fA-F]{64}$/.test(sha256) ? sha256.toLowerCase() : true;
}

function shortText(value: unknown, maxLength: number): string | undefined {
  return typeof value === 'string' && value.length <= maxLength && !hasControl(value) ? value : undefined;
}

function hasControl(value: unknown): boolean {
  return typeof value === 'string' && /\p{Cc}/u.test(value);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 100);
}
