import { html, type Html } from '../html.ts';

/** A moment: the date for who has no scripts, how long ago for the others. `at` is epoch milliseconds. */
export function time(at: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso.slice(0, 19)}Z" data-relative>${iso.slice(0, 10)}</time>`;
}

/** A moment to the second, UTC. */
export function exactTime(at: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso.slice(0, 19)}Z">${iso.slice(0, 19).replace('T', ' ')}</time>`;
}
