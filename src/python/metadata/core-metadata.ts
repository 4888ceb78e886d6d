import { parseMessage } from './email-headers.ts';
import { ArchiveRejected, demand, quoted } from '../archive-rejected.ts';

// Header in lower case -> key. The keys are the ones that the upload form and devpi use.
const TEXT_FIELDS = {
  'metadata-version': 'metadata_version',
  name: 'name',
  version: 'version',
  summary: 'summary',
  'description-content-type': 'description_content_type',
  keywords: 'keywords',
  'home-page': 'home_page',
  'download-url': 'download_url',
  author: 'author',
  'author-email': 'author_email',
  maintainer: 'maintainer',
  'maintainer-email': 'maintainer_email',
  license: 'license',
  'license-expression': 'license_expression',
  'requires-python': 'requires_python',
  description: 'description',
} as const;

const LIST_FIELDS = {
  platform: 'platform',
  'supported-platform': 'supported_platform',
  classifier: 'classifiers',
  'license-file': 'license_file',
  dynamic: 'dynamic',
  requires: 'requires',
  provides: 'provides',
  obsoletes: 'obsoletes',
  'requires-dist': 'requires_dist',
  'provides-dist': 'provides_dist',
  'obsoletes-dist': 'obsoletes_dist',
  'requires-external': 'requires_external',
  'project-url': 'project_urls',
  'provides-extra': 'provides_extras',
  'import-name': 'import_names',
  'import-namespace': 'import_namespaces',
} as const;

type TextKey = (typeof TEXT_FIELDS)[keyof typeof TEXT_FIELDS];
type ListKey = (typeof LIST_FIELDS)[keyof typeof LIST_FIELDS];
type RequiredKey = 'metadata_version' | 'name' | 'version';

/** Every core metadata field up to version 2.6 (PEP 808); a field that is missing, or `UNKNOWN`, is absent. */
export type CoreMetadata = { readonly [K in RequiredKey]: string } & {
  readonly [K in Exclude<TextKey, RequiredKey>]?: string;
} & { readonly [K in ListKey]?: readonly string[] };

const MAX_BYTES = 16 * 1024 * 1024;
const HIGHEST_MAJOR = 2;

/**
 * Reads a METADATA or PKG-INFO file as Python's email parser does. Of a single-valued field that is repeated the first
 * counts, as in `Message.get`; Name and Version must not be repeated, as readers differ in which one they take, and a NUL
 * ends the text for some of them. With `encoding: 'utf-8'` other bytes are an error, as the specification has it;
 * otherwise they are latin-1, which old sdists hold. An unknown minor version of the format is fine, an unknown major one is an error (the
 * core metadata specification asks for this), and so are missing Metadata-Version, Name and Version.
 */
export function parseCoreMetadata(
  bytes: Uint8Array,
  { encoding = 'any' }: { readonly encoding?: 'utf-8' | 'any' } = {},
): CoreMetadata {
  demand(
    bytes.length <= MAX_BYTES,
    'metadata.too-large',
    () => `the metadata is larger than ${MAX_BYTES} bytes`,
  );
  demand(!bytes.includes(0), 'metadata.nul', () => 'the metadata has a NUL byte');
  const { headers, body } = parseMessage(decode(bytes, encoding));
  for (const field of ['Name', 'Version']) {
    const lines = headers.filter(({ name }) => name.toLowerCase() === field.toLowerCase());
    demand(lines.length < 2, 'metadata.repeated-field', () => `the metadata has more than one ${field}`);
  }
  const texts: Partial<Record<TextKey, string>> = {};
  const lists: Partial<Record<ListKey, string[]>> = {};
  for (const header of headers) {
    const name = header.name.toLowerCase();
    if (Object.hasOwn(TEXT_FIELDS, name)) {
      const key = TEXT_FIELDS[name as keyof typeof TEXT_FIELDS];
      const value = known(keepsLines(key) ? unindent(header.lines) : unfold(header.lines));
      if (value !== undefined) texts[key] ??= value;
    } else if (Object.hasOwn(LIST_FIELDS, name)) {
      const key = LIST_FIELDS[name as keyof typeof LIST_FIELDS];
      // An empty Import-Name is a statement: nothing to import (PEP 794).
      const value = known(unfold(header.lines)) ?? (key === 'import_names' ? '' : undefined);
      if (value !== undefined) (lists[key] ??= []).push(value);
    }
  }
  const description = known(body) ?? texts.description;
  const metadata = { ...texts, ...lists, ...(description !== undefined && { description }) };
  return withRequired(metadata);
}

// The specification asks for UTF-8; files older than it hold latin-1, which accepts any byte.
function decode(bytes: Uint8Array, encoding: 'utf-8' | 'any'): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    demand(encoding === 'any', 'metadata.not-utf-8', () => 'the metadata is not UTF-8');
    return Buffer.from(bytes).toString('latin1');
  }
}

function withRequired(metadata: Partial<CoreMetadata>): CoreMetadata {
  const { metadata_version, name, version } = metadata;
  if (metadata_version === undefined) throw missing('Metadata-Version');
  const major = /^([0-9]{1,4})\.[0-9]{1,4}$/.exec(metadata_version)?.[1];
  demand(
    major !== undefined && Number(major) >= 1 && Number(major) <= HIGHEST_MAJOR,
    'metadata.unknown-version',
    () => `metadata version ${quoted(metadata_version)} is not known`,
  );
  if (name === undefined) throw missing('Name');
  if (version === undefined) throw missing('Version');
  return { ...metadata, metadata_version, name, version };
}

function missing(field: string): ArchiveRejected {
  return new ArchiveRejected('metadata.missing-field', `the metadata has no ${field}`);
}

function known(value: string): string | undefined {
  const text = value.trim();
  return text === '' || text === 'UNKNOWN' ? undefined : value;
}

function keepsLines(key: TextKey): boolean {
  return key === 'description' || key === 'license';
}

// Two ways to fold long text: eight spaces (distutils), or seven spaces and a bar (the specification).
function unindent([first = '', ...rest]: readonly string[]): string {
  return [first, ...rest.map((line) => line.replace(/^(?: {7}\||[ \t]{1,8})/, ''))].join('\n').trimEnd();
}

function unfold(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}
