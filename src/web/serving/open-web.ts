import type { Context } from '#kernel/context.ts';
import type { Web } from './context.ts';
import type { NavigationEntry } from '../frame.ts';
import { PageCache } from './page-cache.ts';

/** What pages share, made before any part opens. */
export function openWeb({ events, clock }: Pick<Context, 'events' | 'clock'>): Web {
  const navigation: NavigationEntry[] = [];
  return {
    navigation,
    addNavigation: (entry) => void navigation.push(entry),
    pages: new PageCache(events, clock),
  };
}
