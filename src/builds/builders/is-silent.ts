import type { BuildsContext } from '../context.ts';
import { buildsConfig } from '../settings.ts';
import type { Builder } from './store.ts';

/** True for a builder that has not been heard of for as long as a lease lasts. */
export function isSilent(
  { clock, config }: Pick<BuildsContext, 'clock' | 'config'>,
  { seenAt }: Builder,
): boolean {
  return clock.now() - seenAt > buildsConfig(config)['builds.lease-seconds'] * 1000;
}
