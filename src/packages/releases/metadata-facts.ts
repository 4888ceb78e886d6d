import { parseRequirement } from '#python/requirements/parse-requirement.ts';
import { describeRequirement } from '#python/words/describe-requirement.ts';
import type { Metadata } from '../projects/metadata.ts';

/** One thing that a release needs; only `text` where it cannot be read. */
export interface Need {
  readonly text: string;
  readonly name: string;
  /** Normalized; undefined for what is no requirement. */
  readonly project: string | undefined;
  readonly extras: readonly string[];
  readonly versions: string;
  readonly url: string | undefined;
  readonly when: string;
  readonly broughtBy: readonly string[];
}

const MAX_NEEDS = 1000;

/** What the metadata say that it needs. */
export function needsOf(metadata: Metadata): Need[] {
  const all = metadata['requires_dist'] ?? [];
  return (typeof all === 'string' ? [] : all).slice(0, MAX_NEEDS).map((text) => {
    const requirement = parseRequirement(text);
    if (requirement !== undefined) return { text, ...describeRequirement(requirement) };
    return {
      text,
      name: text,
      project: undefined,
      extras: [],
      versions: '',
      url: undefined,
      when: '',
      broughtBy: [],
    };
  });
}

export interface MetadataLink {
  readonly label: string;
  readonly href: string;
  readonly host: string;
}

const MAX_LINKS = 100;
const MAX_LABEL = 60;

/** Where the metadata point: by http and https only, each address once. */
export function linksOf(metadata: Metadata): MetadataLink[] {
  const urls = metadata['project_urls'] ?? [];
  const named = (typeof urls === 'string' ? [urls] : urls).slice(0, MAX_LINKS).map((line) => {
    const comma = line.indexOf(',');
    return [line.slice(0, comma).trim(), line.slice(comma + 1).trim()] as const;
  });
  const others = [
    ['Home page', String(metadata['home_page'] ?? '')],
    ['Download', String(metadata['download_url'] ?? '')],
  ] as const;
  const links = new Map<string, MetadataLink>();
  for (const [label, address] of [...named, ...others]) {
    const url = URL.parse(address);
    if (url === null || !/^https?:$/.test(url.protocol) || links.has(url.href)) continue;
    links.set(url.href, { label: label.slice(0, MAX_LABEL) || url.host, href: url.href, host: url.host });
  }
  return [...links.values()];
}

const MAX_LICENCE = 80;

/** The licence: an expression, else the classifiers, else the first line of what the field says. */
export function licenceOf(metadata: Metadata): string | undefined {
  const classifiers = metadata['classifiers'] ?? [];
  const classified = (typeof classifiers === 'string' ? [] : classifiers)
    .filter((classifier) => classifier.startsWith('License :: '))
    .map((classifier) => classifier.split(' :: ').at(-1));
  const [line = ''] = String(metadata['license'] ?? '')
    .trim()
    .split('\n');
  const short = line.length > MAX_LICENCE ? `${line.slice(0, MAX_LICENCE)}…` : line;
  return String(metadata['license_expression'] ?? '') || classified.join(', ') || short || undefined;
}

const MAX_AUTHORS = 2000;

/** Who wrote it, by name; the part of an address before the @ where there is no other. */
export function authorOf(metadata: Metadata): string | undefined {
  for (const who of ['author', 'author_email', 'maintainer', 'maintainer_email']) {
    const names = String(metadata[who] ?? '')
      .trim()
      // What is shown is shorter, and the expressions below take the square of the time.
      .slice(0, MAX_AUTHORS)
      .split(',')
      .map((each) =>
        each
          .replace(/<[^>]*>/, '')
          .replace(/@.*$/, '')
          .replaceAll('"', '')
          .trim(),
      )
      .filter((name) => name !== '');
    if (names.length > 0) return names.join(', ').slice(0, 200);
  }
  return undefined;
}
