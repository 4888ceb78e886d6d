import { html, type Html, type HtmlValue } from '../html.ts';

/** What stands where nothing is yet: that nothing is there, and what to do next. */
export function empty(sentence: HtmlValue, next?: Html): Html {
  return html`<div class="empty">
    <p>${sentence}</p>
    ${next}
  </div>`;
}
