import { html, type Html } from '../html.ts';
import { icon, type IconName } from './icon.ts';

/** What a colour stands for, everywhere. */
export type Tone = 'good' | 'warning' | 'bad' | 'running' | 'accent' | 'off';

/** A word about a thing: `volatile`, `newest`, `yanked`. */
export function badge(label: string, tone: Tone = 'off'): Html {
  return html`<span class="badge ${tone}">${label}</span>`;
}

export type State = 'good' | 'warning' | 'bad' | 'running' | 'waiting' | 'skipped' | 'covered';

const SHAPES: Readonly<Record<State, readonly [IconName, Tone]>> = {
  good: ['check', 'good'],
  warning: ['warning', 'warning'],
  bad: ['cross', 'bad'],
  running: ['ring', 'running'],
  waiting: ['waiting', 'off'],
  skipped: ['dash', 'off'],
  covered: ['equal', 'off'],
};

/** How something stands: a shape of its own and a word, since colour alone says nothing to many. */
export function state(of: State, word: string): Html {
  const [shape, tone] = SHAPES[of];
  return html`<span class="state ${tone}${of === 'running' ? ' turning' : ''}">${icon(shape)} ${word}</span>`;
}
