import { state, type State } from '#web/components/badge.ts';
import type { Html } from '#web/html.ts';
import type { BuildState } from '../model/build.ts';

const STATES: Readonly<Record<BuildState, State>> = {
  running: 'running',
  succeeded: 'good',
  failed: 'bad',
  lost: 'warning',
  cancelled: 'skipped',
};

/** The state of a build; of a failed one its class. */
export function buildState({
  state: of,
  failure,
}: {
  readonly state: BuildState;
  readonly failure: string | null;
}): Html {
  return state(STATES[of], of === 'failed' && failure !== null ? failure : of);
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
