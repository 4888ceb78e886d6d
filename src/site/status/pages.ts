import { state, type State } from '#web/components/badge.ts';
import { heading } from '#web/components/heading.ts';
import { note } from '#web/components/note.ts';
import { formatCount } from '#web/components/tabs.ts';
import { html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';

export interface ShownPanel {
  readonly title: string;
  readonly state: State;
  readonly trouble?: string;
  readonly body: Html;
}

export interface StatusPage {
  readonly panels: readonly ShownPanel[];
  readonly serial: number;
  readonly maySeeSettings: boolean;
}

const WORDS: Partial<Record<State, string>> = { good: 'well', warning: 'look at it', bad: 'trouble' };

/** One sentence on top, then the figures that it is made from. */
export function statusPage({ panels, serial, maySeeSettings }: StatusPage): Page {
  return {
    title: ['Status'],
    section: 'status',
    body: html`${heading([{ label: 'Status' }], {
      actions: maySeeSettings ? [html`<a class="button" href="/+settings">Settings</a>`] : [],
    })}
      <div data-live="/+status/stream">${statusPanels(panels, serial)}</div>`,
  };
}

/** What is shown anew while the page is open. */
export function statusPanels(panels: readonly ShownPanel[], serial: number): Html {
  const troubles = panels.filter(({ trouble }) => trouble !== undefined);
  const isBad = panels.some((panel) => panel.state === 'bad');
  return html`${
    troubles.length === 0
      ? note('good', html`<strong>All is well.</strong> ${formatCount(serial)} events so far.`)
      : note(
          isBad ? 'bad' : 'warning',
          html`${troubles.map(({ trouble }) => html`<p><strong>${trouble}</strong></p>`)}`,
        )
  }
  ${panels.map(
    (panel) =>
      html`<section>
        <h2>${panel.title} <span class="more">${state(panel.state, WORDS[panel.state] ?? panel.state)}</span></h2>
        ${panel.body}
      </section>`,
  )}`;
}
