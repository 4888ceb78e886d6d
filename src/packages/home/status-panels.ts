import { badge, state } from '#web/components/badge.ts';
import { formatBytes } from '#web/components/bytes.ts';
import { facts } from '#web/components/columns.ts';
import { empty } from '#web/components/empty.ts';
import { table } from '#web/components/table.ts';
import { formatCount } from '#web/components/tabs.ts';
import { time } from '#web/components/time.ts';
import { foreign, html, type Html } from '#web/html.ts';
import type { StatusPanel } from '#web/panels.ts';
import type { PackagesContext } from '../context.ts';
import { readStatus, type Caches, type MirrorStatus, type Status } from '../server/read-status.ts';

/** Below so much of the disk it is worth a word, and below so much it is trouble. */
const LITTLE_SPACE = 0.1;
const NO_SPACE = 0.02;
const SLOW_MS = 250;

/** Database, store, caches and jobs, each with its limit. */
export function storagePanel(context: PackagesContext, caches: Caches): StatusPanel {
  return {
    title: 'Server',
    async load({ identity }) {
      const status = await readStatus(context, caches, identity);
      const { database, store, cache, jobs, contents } = status;
      const free = store.diskBytes === 0 ? 1 : store.freeBytes / store.diskBytes;
      const trouble = troubleOf(status, free);
      return {
        state: trouble === undefined ? 'good' : free < NO_SPACE ? 'bad' : 'warning',
        ...(trouble !== undefined && { trouble }),
        body: facts([
          [
            'Database',
            html`${database.kind === 'sqlite' ? 'SQLite' : 'PostgreSQL'}, ${formatBytes(database.bytes)}; answers in
            ${database.milliseconds.toFixed(1)} ms ${database.milliseconds > SLOW_MS && badge('slow', 'warning')}`,
          ],
          [
            'Contents',
            html`${formatCount(contents.projects)} projects, ${formatCount(contents.releases)} releases,
            ${formatCount(contents.files)} files`,
          ],
          [
            'Store',
            html`${formatBytes(store.bytes)}; ${formatBytes(store.freeBytes)} of ${formatBytes(store.diskBytes)} free
            ${free < LITTLE_SPACE && badge('little space', 'warning')} ${meter(1 - free, 'of the disk is used')}`,
          ],
          [
            'Pages in memory',
            html`${formatBytes(cache.pages.bytes)} of ${formatBytes(cache.pages.maxBytes)}; ${hitsOf(cache.pages)}
            ${meter(cache.pages.bytes / cache.pages.maxBytes, 'of the page cache is used')}`,
          ],
          [
            'Files in memory',
            html`${formatBytes(cache.files.bytes)} of ${formatBytes(cache.files.maxBytes)}
            ${meter(cache.files.bytes / cache.files.maxBytes, 'of the file cache is used')}`,
          ],
          [
            'Mirrored files',
            cache.mirrored.maxBytes === null
              ? html`${formatBytes(cache.mirrored.bytes)}, without a limit
                  (<code>packages.mirror-cache-bytes</code>)`
              : html`${formatBytes(cache.mirrored.bytes)} of ${formatBytes(cache.mirrored.maxBytes)}
                  ${meter(cache.mirrored.bytes / cache.mirrored.maxBytes, 'of the mirror cache is used')}`,
          ],
          [
            'Jobs',
            html`${formatCount(jobs.waiting)} waiting, ${formatCount(jobs.running)} running,
            ${jobs.failed === 0 ? 'none failed' : badge(`${jobs.failed} failed`, 'bad')}`,
          ],
        ]),
      };
    },
  };
}

function troubleOf({ database, jobs }: Status, free: number): string | undefined {
  if (free < NO_SPACE) return 'The disk is full: uploads and downloads of mirrors will fail.';
  if (jobs.failed > 0)
    return `${jobs.failed} ${jobs.failed === 1 ? 'job has' : 'jobs have'} failed for good: see the log.`;
  if (free < LITTLE_SPACE) return 'Less than a tenth of the disk is free.';
  if (database.milliseconds > SLOW_MS) return 'The database answers slowly.';
  return undefined;
}

function hitsOf({ hits, misses }: Caches['pages']): string {
  const all = hits + misses;
  return all === 0 ? 'not asked yet' : `${((100 * hits) / all).toFixed(1)} % answered from it`;
}

function meter(part: number, of: string): Html {
  const percent = Math.round(Math.min(1, Math.max(0, part)) * 100);
  return html`<progress value="${percent}" max="100" aria-label="${percent} % ${of}"></progress>`;
}

/** Each mirror: its upstream, when that answered, and when it is asked again. */
export function mirrorsPanel(context: PackagesContext, caches: Caches): StatusPanel {
  return {
    title: 'Mirrors',
    async load({ identity }) {
      const { mirrors, statistics, isOffline } = await readStatus(context, caches, identity);
      const paused = mirrors.filter(({ pausedUntil }) => pausedUntil !== null);
      const [first] = paused;
      const asked = statistics.pageHits + statistics.pageMisses + statistics.pagesStale;
      const trouble =
        first === undefined
          ? undefined
          : `The upstream of ${first.index} does not answer: old pages are served until it does.`;
      return {
        state: trouble === undefined ? 'good' : 'warning',
        ...(trouble !== undefined && { trouble }),
        body:
          mirrors.length === 0
            ? empty('No mirror that you may read.')
            : html`${isOffline && html`<p>${badge('offline', 'accent')} Nothing is asked of any upstream.</p>`}
              ${table({
                caption: 'Mirrors',
                rows: mirrors,
                columns: [
                  {
                    label: 'Mirror',
                    cell: ({ index }: MirrorStatus) => html`<a href="/${index}">${foreign(index)}</a>`,
                  },
                  { label: 'Health', cell: (mirror: MirrorStatus) => healthOf(mirror, isOffline) },
                  { label: 'Upstream', cell: ({ upstream }) => foreign(upstream), isMinor: true },
                  { label: 'Last answer', cell: ({ lastAnswer }) => momentOf(lastAnswer) },
                  {
                    label: 'Next try',
                    cell: ({ pausedUntil }) => momentOf(pausedUntil, 'when asked'),
                    isMinor: true,
                  },
                  { label: 'Files', cell: ({ files }) => formatCount(files), align: 'end', isMinor: true },
                  { label: 'Size', cell: ({ bytes }) => formatBytes(bytes), align: 'end' },
                ],
              })}
              <p class="soft">
                Since this process began: ${formatCount(asked)} pages,
                ${asked === 0 ? 'none' : `${((100 * statistics.pageHits) / asked).toFixed(1)} %`} from what is known;
                ${formatCount(statistics.pagesStale)} old ones served; ${formatCount(statistics.upstreamFailures)} of
                ${formatCount(statistics.upstreamRequests)} requests failed; ${formatCount(statistics.fileHits)} files
                from the store, ${formatCount(statistics.fileMisses)} fetched
                (${formatBytes(statistics.bytesFetched)}).
              </p>`,
      };
    },
  };
}

function healthOf({ pausedUntil, lastAnswer, lastFailure, failure }: MirrorStatus, isOffline: boolean): Html {
  if (isOffline) return state('skipped', 'offline');
  if (pausedUntil !== null)
    return html`${state('warning', 'left alone')} <span class="soft">${foreign(failure ?? '')}</span>`;
  if (lastFailure !== null && (lastAnswer === null || lastFailure > lastAnswer))
    return html`${state('warning', 'failed')} <span class="soft">${foreign(failure ?? '')}</span>`;
  return lastAnswer === null ? state('waiting', 'not asked yet') : state('good', 'answers');
}

function momentOf(at: string | null, otherwise = 'none'): Html {
  return at === null ? html`<span class="mute">${otherwise}</span>` : time(Date.parse(at));
}
