import { assets } from '../assets.ts';
import { html, type Html } from '../html.ts';

/** Names of the outlines in `static/icons.svg`. */
export type IconName =
  | 'box'
  | 'check'
  | 'clock'
  | 'copy'
  | 'cross'
  | 'dash'
  | 'down'
  | 'download'
  | 'equal'
  | 'file'
  | 'info'
  | 'key'
  | 'left'
  | 'link'
  | 'lock'
  | 'log-in'
  | 'log-out'
  | 'menu'
  | 'pencil'
  | 'plus'
  | 'promote'
  | 'refresh'
  | 'right'
  | 'ring'
  | 'search'
  | 'settings'
  | 'sun'
  | 'trash'
  | 'undo'
  | 'up'
  | 'upload'
  | 'user'
  | 'users'
  | 'waiting'
  | 'warning'
  | 'wheel';

/** An outline as high as the text; the words beside it, or `label`, say what it means. */
export function icon(name: IconName, label?: string): Html {
  const meaning = label === undefined ? html`aria-hidden="true"` : html`role="img" aria-label="${label}"`;
  return html`<svg class="icon" ${meaning}><use href="${assets.address('icons.svg')}#${name}" /></svg>`;
}
