import { state } from '#web/components/badge.ts';
import type { Html } from '#web/html.ts';
import type { KnownBuilder } from './read-builders.ts';

/** How a builder is, in one word. */
export function builderState({ state: of, isSilent, build }: KnownBuilder): Html {
  if (isSilent) return state('warning', 'silent');
  if (of === 'paused') return state('skipped', 'paused');
  if (of === 'draining') return state('waiting', 'draining');
  return build === undefined ? state('good', 'idle') : state('running', 'building');
}
