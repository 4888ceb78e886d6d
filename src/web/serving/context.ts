import type { Context } from '#kernel/context.ts';
import type { NavigationEntry } from '../frame.ts';
import type { PageCache } from './page-cache.ts';

/** What parts find in their context under `web`, and what they add to it when they open. */
export interface Web {
  /** Adds an entry to the navigation, which has the order in which parts open. */
  addNavigation(entry: NavigationEntry): void;
  readonly navigation: readonly NavigationEntry[];
  /** Pages as strangers see them. */
  readonly pages: PageCache;
}

/** The context of parts with pages. */
export interface WebContext extends Context {
  readonly web: Web;
}
