import { html, type Html } from '../html.ts';
import { icon } from './icon.ts';

/** A command or an address to copy: a line that scrolls, with a button where scripts run. */
export function copyable(text: string, what = 'the line'): Html {
  return html`<div class="copyable">
    <code tabindex="0">${text}</code
    ><button type="button" class="plain" data-copy="${text}" aria-label="Copy ${what}" hidden>
      ${icon('copy')}
    </button>
  </div>`;
}

/** A digest, shortened, with a button that copies all of it. */
export function digest(kind: string, hex: string): Html {
  return html`<span class="digest" title="${kind} ${hex}"
    >${kind} <code>${hex.slice(0, 4)}…${hex.slice(-4)}</code
    ><button type="button" class="plain" data-copy="${hex}" aria-label="Copy the ${kind}" hidden>
      ${icon('copy')}
    </button></span
  >`;
}
