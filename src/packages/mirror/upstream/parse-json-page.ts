import type { RawPage } from './upstream-page.ts';

/** More than an entry of any index has: each value follows one of these characters. */
const MAX_VALUES_PER_FILE = 40;

/**
 * The parts of a PEP 691 project page that we read; throws `SyntaxError` if it is no such page. One with far more values
 * than so many files have is not even parsed: a few bytes of it become a hundred times as many in memory.
 */
export function parseJsonPage(body: string, maxFiles: number): RawPage {
  if (countValues(body) > MAX_VALUES_PER_FILE * maxFiles) throw new SyntaxError('it has too many values');
  const page = JSON.parse(body) as unknown;
  if (!isObject(page) || !Array.isArray(page['files'])) {
    throw new SyntaxError('the page has no list of files');
  }
  const meta = isObject(page['meta']) ? page['meta'] : {};
  const version = meta['api-version'];
  if (version !== undefined && !(typeof version === 'string' && /^1\.\d+$/.test(version))) {
    throw new SyntaxError('the page follows another major version of the simple API');
  }
  const status = page['project-status'];
  return {
    links: (page['files'] as unknown[]).map((file) => {
      const entry = isObject(file) ? file : {};
      return {
        filename: entry['filename'],
        url: entry['url'],
        hashes: entry['hashes'],
        size: entry['size'],
        uploadTime: entry['upload-time'],
        requiresPython: entry['requires-python'],
        yanked: entry['yanked'],
        coreMetadata:
          entry['core-metadata'] ?? entry['dist-info-metadata'] ?? entry['data-dist-info-metadata'],
        provenance: entry['provenance'],
      };
    }),
    versions: Array.isArray(page['versions']) ? (page['versions'] as unknown[]) : [],
    // The specification's own example once had flat keys in meta; some servers follow that.
    status: isObject(status) ? status['status'] : meta['project-status'],
    statusReason: isObject(status) ? status['reason'] : meta['project-status-reason'],
    serial: meta['_last-serial'],
  };
}

function countValues(body: string): number {
  let count = 0;
  for (const mark of ['{', '[', ','])
    for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + 1)) count += 1;
  return count;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
