import { escapeHtml } from '#web/escape-html.ts';
import { showBidiControls } from './bidi-controls.ts';
import { LINK_RELATION } from './link-relation.ts';

const ADDRESS = /https?:\/\/[^\s<>"'`\\^{|}]{1,2000}/g;

/** A description as it is written, with links where it names addresses. `why` says why it is not shown as more. */
export function renderPlainText(text: string, why?: string): string {
  const note = why === undefined ? '' : `<p class="readme-note">Shown as text: ${escapeHtml(why)}.</p>\n`;
  return `${note}<pre class="readme-text" tabindex="0">${linkAddresses(showBidiControls(text))}</pre>\n`;
}

function linkAddresses(text: string): string {
  let html = '';
  let end = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = found.replace(/[.,:;!?)\]]+$/, '');
    const escaped = escapeHtml(address);
    html += `${escapeHtml(text.slice(end, index))}<a href="${escaped}" rel="${LINK_RELATION}">${escaped}</a>`;
    end = index + address.length;
  }
  return html + escapeHtml(text.slice(end));
}
