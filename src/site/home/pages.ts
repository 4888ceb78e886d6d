import { state } from '#web/components/badge.ts';
import { aside, columns } from '#web/components/columns.ts';
import { heading } from '#web/components/heading.ts';
import { icon } from '#web/components/icon.ts';
import { time } from '#web/components/time.ts';
import type { StoredEvent } from '#kernel/events/event-type.ts';
import { html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import type { Need } from '#web/panels.ts';
import { latelyList, type WordsOf } from '../events/pages.ts';

export interface HomePage {
  readonly reader: string | undefined;
  readonly panels: readonly {
    readonly summary: string | undefined;
    readonly needs: readonly Need[];
    readonly main: Html | undefined;
    readonly actions: readonly Html[];
  }[];
  readonly lately: readonly StoredEvent[];
  readonly wordsOf: WordsOf;
}

/** What needs the reader first, then what is theirs, then what happened. */
export function homePage({ reader, panels, lately, wordsOf }: HomePage): Page {
  const needs = panels.flatMap((panel) => panel.needs);
  const summaries = panels.flatMap(({ summary }) => summary ?? []);
  const count = needs.length;
  return {
    title: ['Home'],
    section: 'home',
    body: html`${heading([{ label: reader === undefined ? 'Python packages' : 'Home' }], {
      summary: html`${summaries.join(', ')}.${
        count > 0 &&
        html` <a class="state warning" href="#needs">${icon('warning')} ${count} ${count === 1 ? 'thing needs' : 'things need'} you.</a>`
      }`,
      actions: panels.flatMap((panel) => panel.actions),
    })}
    ${columns(
      html`${count > 0 && needsSection(needs)} ${reader === undefined && searchSection()}
      ${panels.map(({ main }) => main)}`,
      [
        lately.length > 0 &&
          aside('Lately', latelyList(lately, wordsOf), html`<a href="/+events">events</a>`),
        reader === undefined &&
          aside(
            'Yours',
            html`<p>Log in to upload, to make indexes, and to see those that are not for everybody.</p>
              <p><a class="button" href="/+login">Log in</a></p>`,
          ),
      ],
    )}`,
  };
}

function needsSection(needs: readonly Need[]): Html {
  return html`<section id="needs">
    <h2>Needs you</h2>
    <ul class="needs">
      ${needs.map(
        (need) =>
          html`<li>
            ${state(need.state, need.word)} <span>${need.sentence}</span>
            ${need.at !== undefined && html`<span class="mute">${time(need.at)}</span>`}
            <a href="${need.action.href}">${need.action.label}</a>
          </li>`,
      )}
    </ul>
  </section>`;
}

function searchSection(): Html {
  return html`<form class="filters" role="search" aria-label="Packages" action="/+search" method="get">
    <input class="wide" type="search" name="q" aria-label="Search packages" placeholder="Search names and summaries" spellcheck="false" />
    <button class="button primary">Search</button>
  </form>`;
}
