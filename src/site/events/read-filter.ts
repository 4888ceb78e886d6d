import { readEventQuery, type EventQuery } from '#packages';

const KEYS = ['user', 'type', 'index', 'project', 'since', 'until'] as const;

/** Events a page. */
const PAGE_SIZE = 50;

/**
 * Reads the filter of the events, `alice/prod demo type:yank since:7d`: what has a slash is an index, another word a project.
 * Throws 400 that names what is wrong.
 */
export function readFilter(
  {
    q = '',
    before,
    limit = String(PAGE_SIZE),
  }: { readonly q?: string; readonly before?: string; readonly limit?: string },
  now: number,
): EventQuery {
  const given: Record<string, string> = {};
  for (const word of q.slice(0, 500).split(/\s+/).filter(Boolean)) {
    const [, key, value = ''] = /^([a-z]+):(.*)$/.exec(word) ?? [];
    if (key !== undefined && (KEYS as readonly string[]).includes(key)) given[key] = value;
    else given[word.includes('/') ? 'index' : 'project'] = word;
  }
  return readEventQuery(
    {
      ...given,
      order: 'newest',
      limit,
      ...(before !== undefined && given['until'] === undefined && { before }),
    },
    now,
  );
}
