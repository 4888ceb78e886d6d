import type { Context } from '#kernel/context.ts';
import type { Setting } from '#kernel/config/setting.ts';
import type { Web } from './context.ts';
import type { NavigationEntry } from '../frame.ts';
import type { EventWords, Finder, HomePanel, StatusPanel } from '../panels.ts';
import { PageCache } from './page-cache.ts';
import { StreamPlaces } from './stream-places.ts';

/** What pages share, made before any part opens. */
export function openWeb(
  { events, clock }: Pick<Context, 'events' | 'clock'>,
  settings: readonly Setting[],
): Web {
  const navigation: NavigationEntry[] = [];
  const homePanels: HomePanel[] = [];
  const finders: Finder[] = [];
  const statusPanels: StatusPanel[] = [];
  const stopping = new AbortController();
  const words = new Map<string, EventWords>();
  return {
    settings,
    navigation,
    addNavigation: (entry) => void navigation.push(entry),
    homePanels,
    addHomePanel: (panel) => void homePanels.push(panel),
    finders,
    addFinder: (finder) => void finders.push(finder),
    statusPanels,
    addStatusPanel: (panel) => void statusPanels.push(panel),
    describeEvents(all) {
      for (const [type, say] of Object.entries(all)) words.set(type, say);
    },
    wordsOf: (type) => words.get(type),
    pages: new PageCache(events, clock),
    stopping: stopping.signal,
    stop: () => stopping.abort(),
    streams: new StreamPlaces(),
  };
}
