import { html, type Html, type HtmlValue } from '../html.ts';

/** What a page is about, and beside it, or after it on phones, what goes with that. */
export function columns(main: Html, side: readonly (Html | false)[]): Html {
  return html`<div class="columns">
    <div class="main">${main}</div>
    <aside aria-label="Beside">${side}</aside>
  </div>`;
}

/** A part of the side column. */
export function aside(title: string, content: Html, more?: Html): Html {
  return html`<section>
    <h2>${title}${more !== undefined && html` <span class="more">${more}</span>`}</h2>
    ${content}
  </section>`;
}

/** Names and their values. */
export function facts(all: readonly (readonly [name: string, value: HtmlValue] | false)[]): Html {
  return html`<dl class="facts">
    ${all.map(
      (each) =>
        each &&
        html`<dt>${each[0]}</dt>
          <dd>${each[1]}</dd>`,
    )}
  </dl>`;
}
