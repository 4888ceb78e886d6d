import type { Context } from '#kernel/context.ts';
import type { Setting } from '#kernel/config/setting.ts';
import type { NavigationEntry } from '../frame.ts';
import type { EventWords, Finder, HomePanel, StatusPanel } from '../panels.ts';
import type { PageCache } from './page-cache.ts';
import type { StreamPlaces } from './stream-places.ts';

/** What parts find in their context under `web`, and what they add to it when they open. */
export interface Web {
  /** Adds an entry to the navigation, which has the order in which parts open. */
  addNavigation(entry: NavigationEntry): void;
  readonly navigation: readonly NavigationEntry[];
  /** Adds to the home page, which shows parts in the order in which they open. */
  addHomePanel(panel: HomePanel): void;
  readonly homePanels: readonly HomePanel[];
  /** Adds to the search. */
  addFinder(finder: Finder): void;
  readonly finders: readonly Finder[];
  /** Adds to the status. */
  addStatusPanel(panel: StatusPanel): void;
  readonly statusPanels: readonly StatusPanel[];
  /** Says events in words, by their types. */
  describeEvents(words: Readonly<Record<string, EventWords>>): void;
  wordsOf(type: string): EventWords | undefined;
  /** The settings of all parts. */
  readonly settings: readonly Setting[];
  /** Pages as strangers see them. */
  readonly pages: PageCache;
  /** Aborted when the server stops, so that streams end at once. */
  readonly stopping: AbortSignal;
  stop(): void;
  /** For those who follow a stream of events. */
  readonly streams: StreamPlaces;
}

/** The context of parts with pages. */
export interface WebContext extends Context {
  readonly web: Web;
}
