import { empty } from '#web/components/empty.ts';
import { heading } from '#web/components/heading.ts';
import { icon } from '#web/components/icon.ts';
import { note } from '#web/components/note.ts';
import { table, withQuery } from '#web/components/table.ts';
import { exactTime, time } from '#web/components/time.ts';
import type { StoredEvent } from '#kernel/events/event-type.ts';
import { foreign, html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import type { EventWords } from '#web/panels.ts';

/** How events of a type are said; undefined for one that no part of this program has. */
export type WordsOf = (type: string) => EventWords | undefined;

export interface EventsPage {
  readonly events: readonly StoredEvent[];
  readonly q: string;
  /** Path and query of this page. */
  readonly here: string;
  readonly wordsOf: WordsOf;
  /** The serial before which older ones are. */
  readonly olderBefore: number | undefined;
  readonly isNewest: boolean;
  /** The newest serial when the page was made. */
  readonly head: number;
  /** Why the filter was refused. */
  readonly problem?: string;
}

/** The audit trail, as far as the reader may see it. */
export function eventsPage(data: EventsPage): Page {
  const { events, q, here, wordsOf, olderBefore, isNewest, head, problem } = data;
  const stream = `/+events/stream${q === '' ? '' : `?q=${encodeURIComponent(q)}`}`;
  const file = (format: string) =>
    withQuery(`/+events/export${q === '' ? '' : `?q=${encodeURIComponent(q)}`}`, { format });
  return {
    title: ['Events'],
    section: 'events',
    ...(problem !== undefined && { status: 400 }),
    body: html`${heading([{ label: 'Events' }], {
      summary: 'What happened, as far as you may read it; the newest first.',
      actions: [
        html`<a class="button" href="${file('csv')}" download="events.csv">CSV</a>`,
        html`<a class="button" href="${file('json')}" download="events.json">JSON</a>`,
      ],
    })}
      <form class="filters" method="get" action="/+events" role="search" aria-label="Events">
        <input type="search" name="q" value="${q}" aria-label="Filter" spellcheck="false" autocapitalize="none" class="wide"
          placeholder="alice/prod type:yank since:7d" aria-describedby="filter-hint" />
        <button class="button">Filter</button>
        <span class="hint" id="filter-hint">
          an index, a project, <code>type:</code> <code>user:</code> <code>since:</code> <code>until:</code>
        </span>
      </form>
      ${problem !== undefined && note('bad', problem)}
      ${isNewest && problem === undefined && html`<div data-live="${stream}" data-last="${head}" role="status"></div>`}
      ${
        events.length === 0
          ? problem === undefined &&
            empty(
              q === '' ? 'Nothing has happened that you may read.' : 'Nothing that fits.',
              q === '' ? undefined : html`<p><a class="button" href="/+events">All events</a></p>`,
            )
          : table({
              caption: 'Events',
              rows: events,
              columns: [
                {
                  label: 'Serial',
                  cell: ({ serial }: StoredEvent) => html`<span class="mono">${serial}</span>`,
                },
                { label: 'Time, UTC', cell: ({ at }) => exactTime(at), isMinor: true },
                { label: 'Who', cell: ({ actor }) => whoOf(actor) },
                { label: 'What', cell: (event) => wordsFor(event, wordsOf) },
                { label: 'Type', cell: ({ type }) => typeLink(type, here), isMinor: true },
              ],
            })
      }
      <nav class="pagination" aria-label="Pages">
        ${!isNewest && html`<a href="${withQuery(here, { before: undefined })}">newest</a>`}
        ${olderBefore !== undefined && html` <a rel="next" href="${withQuery(here, { before: String(olderBefore) })}">older</a>`}
      </nav>`,
  };
}

function typeLink(type: string, here: string): Html {
  const q = new URLSearchParams(here.split('?')[1] ?? '').get('q') ?? '';
  const without = q.replace(/\btype:\S*/g, '').trim();
  return html`<a class="mono soft" href="/+events?q=${encodeURIComponent(`${without} type:${type}`.trim())}">${type}</a>`;
}

function whoOf(actor: string | null): Html {
  return actor === null
    ? html`<span class="mute">nobody named</span>`
    : html`<a href="/${encodeURIComponent(actor)}">${foreign(actor)}</a>`;
}

function wordsFor({ type, data }: StoredEvent, wordsOf: WordsOf): Html {
  const said = wordsOf(type)?.(data);
  if (said === undefined) return html`<code>${foreign(JSON.stringify(data))}</code>`;
  return html`${icon(said.icon)} ${said.words}`;
}

/** The line above the list, once there are newer ones. */
export function newLine(count: number, isMore: boolean, href: string): Html {
  return html`<p class="note info">
    <strong>${count}${isMore && ' or more'} new</strong> <a href="${href}">show</a>
  </p>`;
}

/** The last events, in words, for a side column. */
export function latelyList(events: readonly StoredEvent[], wordsOf: WordsOf): Html {
  return html`<ol class="lately">
    ${events.map((event) => {
      const said = wordsOf(event.type)?.(event.data);
      return html`<li>
        ${time(event.at)} ${icon(said?.icon ?? 'dash')}
        <span>${event.actor !== null && html`<strong>${foreign(event.actor)}</strong> `}${said?.words ?? event.type}</span>
      </li>`;
    })}
  </ol>`;
}
