import { foreign, html, type Html } from '../html.ts';

export interface Crumb {
  readonly label: string;
  /** Without it, this is where the reader stands. */
  readonly href?: string;
}

/** The top of a page: the path of the thing as its only `h1`, what it is, and what can be done with it. */
export function heading(
  path: readonly Crumb[],
  {
    badges,
    summary,
    actions,
  }: {
    readonly badges?: Html | readonly Html[];
    readonly summary?: Html | string;
    readonly actions?: readonly Html[];
  } = {},
): Html {
  const crumbs = path.map(({ label, href }, position) => {
    const separator = position > 0 && html`<span class="slash" aria-hidden="true"> / </span>`;
    const name = foreign(label);
    return html`${separator}${href === undefined ? html`<strong>${name}</strong>` : html`<a href="${href}">${name}</a>`}`;
  });
  return html`<div class="heading">
    <div>
      <h1>${crumbs}</h1>
      ${badges !== undefined && html` <span class="badges">${badges}</span>`}
      ${summary !== undefined && html`<p class="summary">${summary}</p>`}
    </div>
    ${actions !== undefined && actions.length > 0 && html`<div class="actions">${actions}</div>`}
  </div>`;
}
