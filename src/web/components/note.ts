import { html, type Html, type HtmlValue } from '../html.ts';
import { icon, type IconName } from './icon.ts';

const ICONS: Readonly<Record<'good' | 'warning' | 'bad' | 'info', IconName>> = {
  good: 'check',
  warning: 'warning',
  bad: 'cross',
  info: 'info',
};

/** A sentence that must be seen before the rest. */
export function note(tone: 'good' | 'warning' | 'bad' | 'info', content: HtmlValue): Html {
  return html`<div class="note ${tone}">
    ${icon(ICONS[tone])}
    <div>${content}</div>
  </div>`;
}
