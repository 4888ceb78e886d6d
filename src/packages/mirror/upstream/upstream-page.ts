import type { ProjectStatus } from '../../model/page-file.ts';
import type { Link } from '../link.ts';
import { validateLink, validateStatus, type RawLink } from './validate-link.ts';
import { parseHtmlPage } from './parse-html-page.ts';
import { parseJsonPage } from './parse-json-page.ts';

/** What upstream says of a project, as its page stood, before anything is believed. */
export interface RawPage {
  readonly links: readonly RawLink[];
  readonly versions: readonly unknown[];
  readonly status: unknown;
  readonly statusReason?: unknown;
  readonly serial: unknown;
}

/** What is kept of an upstream page: validated data only. */
export interface UpstreamPage {
  readonly files: readonly Link[];
  readonly versions: readonly string[];
  readonly status: ProjectStatus | undefined;
  readonly serial: number | undefined;
  /** Why entries were left out, one line each, bounded; `droppedCount` is the whole number. */
  readonly dropped: readonly string[];
  readonly droppedCount: number;
}

const MAX_REPORTED = 20;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+!-]{0,99}$/;

/**
 * Reads a page of an upstream's simple API. The content type is not believed: what begins with `{` is PEP 691 JSON,
 * anything else is PEP 503 HTML. Entries that are malformed or hostile are left out and counted; throws
 * `SyntaxError` if the whole is not readable.
 */
export function readUpstreamPage(
  body: string,
  { url, project, maxFiles }: { readonly url: string; readonly project: string; readonly maxFiles: number },
): UpstreamPage {
  const raw = /^\s*\{/.test(body) ? parseJsonPage(body, maxFiles) : parseHtmlPage(body, url, maxFiles);
  const files = new Map<string, Link>();
  const dropped: string[] = [];
  let droppedCount = 0;
  for (const rawLink of raw.links) {
    const link =
      files.size >= maxFiles
        ? 'the page has more files than packages.mirror-page-files allows'
        : validateLink(rawLink, url, project);
    if (typeof link === 'string') {
      droppedCount += 1;
      if (dropped.length < MAX_REPORTED) dropped.push(link);
    } else if (!files.has(link.filename)) files.set(link.filename, link);
  }
  const status = validateStatus(raw.status, raw.statusReason);
  return {
    // A quarantined project must offer no files (PEP 792), whatever the page says.
    files: status?.status === 'quarantined' ? [] : [...files.values()],
    versions: raw.versions
      .slice(0, maxFiles)
      .filter((version): version is string => typeof version === 'string' && VERSION.test(version)),
    status,
    serial: Number.isSafeInteger(raw.serial) ? (raw.serial as number) : undefined,
    dropped,
    droppedCount,
  };
}
