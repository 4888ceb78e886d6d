import { HtmlReader } from './html-reader.ts';
import type { RawLink } from './validate-link.ts';
import type { RawPage } from './upstream-page.ts';

/** Beyond that it is no page any more, and would fill the memory. */
const MAX_ANCHORS_PER_FILE = 4;

/** The parts of a PEP 503 page that we read. Nothing of upstream's markup is ever passed on. */
export function parseHtmlPage(body: string, pageUrl: string, maxFiles: number): RawPage {
  // What has no tag at all is an upstream in trouble, and must not take the place of what is known.
  if (body.trim() !== '' && !/<(?:!doctype|html|head|body|a|meta)\b/i.test(body))
    throw new SyntaxError('it is no HTML');
  const links: RawLink[] = [];
  const metas = new Map<string, string>();
  let base = pageUrl;
  let hasBase = false;
  let anchors = 0;
  const reader = new HtmlReader({
    onopentag(name, attributes) {
      if (name === 'base' && !hasBase && attributes['href'] !== undefined) {
        base = URL.parse(attributes['href'], pageUrl)?.href ?? pageUrl;
        hasBase = true;
      } else if (name === 'meta') metas.set(attributes['name'] ?? '', attributes['content'] ?? '');
      else if (name === 'a' && attributes['href'] !== undefined) {
        if ((anchors += 1) > maxFiles * MAX_ANCHORS_PER_FILE) throw new SyntaxError('it has too many links');
        const link = readAnchor(attributes, base);
        if (!isNavigation(link)) links.push(link);
      }
    },
  });
  reader.write(body);
  reader.end();
  const version = metas.get('pypi:repository-version');
  if (version !== undefined && !/^1\.\d+$/.test(version)) {
    throw new SyntaxError('the page follows another major version of the simple API');
  }
  const serial = /<!--SERIAL (\d{1,15})-->\s*$/.exec(body.slice(-100))?.[1];
  return {
    links,
    versions: [],
    status: metas.get('pypi:project-status'),
    statusReason: metas.get('pypi:project-status-reason'),
    serial: serial === undefined ? undefined : Number(serial),
  };
}

/** Directory listings link to their parents, their order and a stylesheet: that is no hostility, and no file. */
function isNavigation({ url, filename }: RawLink): boolean {
  return /^https?:/.test(String(url)) && typeof filename === 'string' && !ARCHIVE.test(filename);
}

const ARCHIVE = /\.(?:whl|zip|egg|exe|msi|rpm|deb|dmg|tgz|tar(?:\.\w{1,4})?)$/;

/** The file name is the last segment of the URL: PEP 503 wants the text to equal it, and texts are easier to lie with. */
function readAnchor(attributes: Readonly<Record<string, string>>, base: string): RawLink {
  const url = URL.parse(attributes['href'] ?? '', base);
  const [, algorithm = '', digest = ''] = /^#(\w+)=([0-9a-fA-F]+)/.exec(url?.hash ?? '') ?? [];
  return {
    filename: decodeSegment(url?.pathname.split('/').at(-1) ?? ''),
    url: url?.href,
    hashes: algorithm === '' ? {} : { [algorithm.toLowerCase()]: digest },
    size: undefined,
    uploadTime: undefined,
    requiresPython: attributes['data-requires-python'],
    yanked: attributes['data-yanked'],
    coreMetadata: readMetadata(attributes['data-core-metadata'] ?? attributes['data-dist-info-metadata']),
    provenance: attributes['data-provenance'],
  };
}

function readMetadata(value: string | undefined): unknown {
  if (value === undefined) return undefined;
  const hash = /^sha256=([0-9a-fA-F]{64})$/.exec(value)?.[1];
  return hash === undefined ? value === 'true' : { sha256: hash };
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
