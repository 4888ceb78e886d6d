import { html, type Html } from '../html.ts';

export interface Tab {
  readonly label: string;
  /** Tabs are addresses: they can be linked, and work without scripts. */
  readonly href: string;
  readonly count?: number;
  readonly isCurrent: boolean;
}

/** The sides of one thing. */
export function tabs(label: string, all: readonly Tab[]): Html {
  return html`<nav class="tabs" aria-label="${label}">
    ${all.map(
      ({ label: text, href, count, isCurrent }) =>
        html`<a href="${href}" ${isCurrent && html` aria-current="page"`}
          >${text}${count !== undefined && html` <span class="count">${formatCount(count)}</span>`}</a
        >`,
    )}
  </nav>`;
}

const NARROW_SPACE = '\u202f';

/** `648 112`: groups of three digits, which no locale reads as a fraction. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
}

/** A few short texts of which one is shown at a time, such as the same command for several tools. */
export function choices(
  name: string,
  legend: string,
  all: readonly { readonly label: string; readonly body: Html }[],
): Html {
  return html`<fieldset class="choices">
    <legend class="hidden">${legend}</legend>
    ${all.map(
      ({ label, body }, position) =>
        html`<label><input type="radio" name="${name}" ${position === 0 && html` checked`} /> ${label}</label>
          <div>${body}</div>`,
    )}
  </fieldset>`;
}
