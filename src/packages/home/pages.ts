import { badge } from '#web/components/badge.ts';
import { formatBytes } from '#web/components/bytes.ts';
import { copyable } from '#web/components/copyable.ts';
import { empty } from '#web/components/empty.ts';
import { sparkline } from '#web/components/sparkline.ts';
import { table } from '#web/components/table.ts';
import { choices, formatCount } from '#web/components/tabs.ts';
import { time } from '#web/components/time.ts';
import { foreign, html, type Html } from '#web/html.ts';
import { fullName, isVolatile, listOption, type Index } from '../model/index.ts';
import type { ToolLines } from '../overview/use-lines.ts';
import type { Holding } from './store.ts';

export interface ShownIndex extends Holding {
  readonly index: Index;
  readonly isPrivate: boolean;
  /** How many projects upstream lists, where that is known. */
  readonly listed?: number | undefined;
}

/** The indexes with what they hold. */
export function indexesSection(input: {
  readonly title: string;
  readonly indexes: readonly ShownIndex[];
  /** How many there are that the reader may read. */
  readonly total: number;
  readonly user: string | undefined;
}): Html {
  const { title, indexes, total, user } = input;
  const create =
    user !== undefined &&
    html`<p>
    <a class="button primary" href="/${encodeURIComponent(user)}/+new-index">New index</a>
  </p>`;
  return html`<section>
    <h2>${title} <span class="more"><a href="/+indexes">all ${formatCount(total)}</a></span></h2>
    ${
      indexes.length === 0
        ? empty(
            user === undefined
              ? 'There is no index that everybody may read: log in to see yours.'
              : 'No index yet. Make one, and its page says how to upload and install.',
            create || html`<p><a class="button primary" href="/+login">Log in</a></p>`,
          )
        : table({
            caption: title,
            rows: indexes,
            columns: [
              { label: 'Index', cell: nameOf },
              { label: 'Bases', cell: basesOf, isMinor: true },
              { label: 'Projects', cell: (each) => formatCount(each.listed ?? each.projects), align: 'end' },
              { label: 'Files', cell: ({ files }) => formatCount(files), align: 'end', isMinor: true },
              { label: 'Size', cell: ({ bytes }) => formatBytes(bytes), align: 'end', isMinor: true },
              { label: 'Newest', cell: newestOf },
              { label: 'Uploads, 30 days', cell: uploadsOf, align: 'end', isMinor: true },
            ],
          })
    }
  </section>`;
}

function nameOf({ index, isPrivate }: ShownIndex): Html {
  const path = `/${encodeURIComponent(index.user)}/${encodeURIComponent(index.name)}`;
  const kind = index.type === 'mirror' ? badge('mirror') : isVolatile(index) && badge('volatile');
  return html`<a href="${path}">${foreign(fullName(index))}</a> ${kind}${isPrivate && html` ${badge('restricted', 'accent')}`}`;
}

function basesOf({ index }: ShownIndex): Html | string {
  if (index.type === 'mirror') return html`<span class="soft">of ${hostOf(index)}</span>`;
  const bases = listOption(index, 'bases').map(String);
  return html`${bases.map((base, at) => html`${at > 0 && ', '}<a class="soft" href="/${base}">${foreign(base)}</a>`)}`;
}

function hostOf({ options }: Index): string {
  return URL.parse(String(options['mirror_url']))?.host ?? 'no upstream';
}

function newestOf({ index, newest }: ShownIndex): Html | string {
  if (newest === undefined)
    return html`<span class="mute">${index.type === 'mirror' ? 'kept when asked for' : 'nothing yet'}</span>`;
  const path = `/${encodeURIComponent(index.user)}/${encodeURIComponent(index.name)}/${newest.name}`;
  return html`<a href="${path}">${newest.name}</a> ${newest.version !== null && foreign(newest.version)}
    <span class="mute">${time(newest.at)}</span>`;
}

function uploadsOf({ index, uploads }: ShownIndex): Html | string {
  if (index.type === 'mirror') return '';
  const total = uploads.reduce((sum, each) => sum + each, 0);
  return sparkline(uploads, `${total} uploads in 30 days`);
}

/** How to install from an index, tool by tool. */
export function useSection(index: string, tools: readonly ToolLines[]): Html {
  return html`<section>
    <h2>Use ${foreign(index)}</h2>
    ${choices(
      'use',
      'Tool',
      tools.map(({ tool, steps }) => ({
        label: tool,
        body: html`${steps.map(
          ({
            purpose,
            text,
            file,
          }) => html`<p class="soft">${purpose}${file !== undefined && html` (<code>${file}</code>)`}</p>
            ${text.includes('\n') ? html`<pre tabindex="0">${text}</pre>` : copyable(text, `the line for ${tool}`)}`,
        )}`,
      })),
    )}
  </section>`;
}
