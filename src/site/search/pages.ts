import { badge } from '#web/components/badge.ts';
import { empty } from '#web/components/empty.ts';
import { heading } from '#web/components/heading.ts';
import { note } from '#web/components/note.ts';
import { pagination, table } from '#web/components/table.ts';
import { formatCount } from '#web/components/tabs.ts';
import { foreign, html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import type { Finding, Findings } from '#web/panels.ts';

export interface SearchPage {
  readonly text: string;
  readonly groups: readonly (Findings & { readonly title: string })[];
  readonly page: number;
  readonly here: string;
}

/** What was found, part by part. */
export function searchPage({ text, groups, page, here }: SearchPage): Page {
  const total = groups.reduce((sum, each) => sum + each.total, 0);
  const said =
    text.trim() === ''
      ? 'Names, summaries, descriptions and documentation of everything that you may read.'
      : `${formatCount(total)} ${total === 1 ? 'thing fits' : 'things fit'}.`;
  return {
    title: text.trim() === '' ? ['Search'] : [text.slice(0, 60), 'Search'],
    section: 'search',
    body: html`${heading([{ label: 'Search' }], { summary: said })}
      <form class="filters" role="search" aria-label="Everything" action="/+search" method="get" data-swap="found">
        <input class="wide" type="search" name="q" value="${text}" aria-label="Search for" spellcheck="false" />
        <button class="button">Search</button>
      </form>
      <div id="found">${groups.map((group) => groupOf(group, { page, here, text }))} ${total === 0 && text.trim() !== '' && nothing()}</div>`,
  };
}

function nothing(): Html {
  return empty(
    'Nothing fits.',
    html`<p class="soft">
      Every word must be in the name or the summary; words of one or two letters count from their beginning. Mirrors are
      searched as far as their lists or pages are here, and nothing is asked of an upstream.
    </p>`,
  );
}

function groupOf(
  { title, total, isComplete, all }: Findings & { readonly title: string },
  { page, here, text }: Pick<SearchPage, 'page' | 'here' | 'text'>,
): Html | false {
  if (total === 0) return false;
  return html`<section>
    <h2>${title}</h2>
    ${table({
      caption: title,
      rows: all,
      columns: [
        {
          label: 'Name',
          cell: (each: Finding) => html`<a href="${each.href}">${foreign(each.label)}</a>`,
        },
        { label: 'Version', cell: ({ detail }) => detail !== undefined && foreign(detail) },
        {
          label: 'Where',
          cell: (each) => html`${foreign(each.place)} ${each.badge !== undefined && badge(each.badge)}`,
        },
        {
          label: 'Summary',
          cell: ({ summary, excerpts = [] }) =>
            html`${summary !== undefined && foreign(summary)} ${excerpts.map((each) => excerptLine(each, text))}`,
          isMinor: true,
        },
      ],
    })}
    ${pagination({ here, page, total })}
    ${!isComplete && note('info', 'There are more than are shown: write more of the name.')}
  </section>`;
}

function excerptLine({ label, href, text }: NonNullable<Finding['excerpts']>[number], query: string): Html {
  const where = href === undefined ? html`${foreign(label)}` : html`<a href="${href}">${foreign(label)}</a>`;
  return html`<div class="soft">${where} ${marked(text, query)}</div>`;
}

/** The text with the words that were looked for marked. */
function marked(text: string, query: string): Html {
  const words = (query.match(/[\p{L}\p{N}\p{M}]{2,}/gu) ?? []).slice(0, 8);
  if (words.length === 0) return html`${foreign(text)}`;
  const parts = text.split(new RegExp(`(${words.join('|')})`, 'giu'));
  return html`${parts.map((part, at) => (at % 2 === 1 ? html`<mark>${foreign(part)}</mark>` : foreign(part)))}`;
}

/** Options of a list box: where each leads stands in `data-href`. */
export function suggestions({
  text,
  all,
  total,
}: {
  readonly text: string;
  readonly all: readonly Finding[];
  readonly total: number;
}): Html {
  return html`${all.map(
    ({ href, label, place, detail }, position) =>
      html`<li role="option" id="found-${position}" aria-selected="false" data-href="${href}">
        <strong>${foreign(label)}</strong> ${detail !== undefined && html`<span>${foreign(detail)}</span>`}
        <span class="soft">${foreign(place)}</span>
      </li>`,
  )}
    <li role="option" id="found-all" aria-selected="false" data-href="/+search?q=${encodeURIComponent(text)}">
      ${total === 0 ? 'nothing fits' : html`all ${formatCount(total)}`}
    </li>`;
}
