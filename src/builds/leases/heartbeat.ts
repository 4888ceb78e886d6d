import { updateSeen } from '../builders/store.ts';
import type { BuildsContext } from '../context.ts';
import { extendLease } from '../records/store.ts';
import { getBuild } from '../records/get-build.ts';
import { buildsConfig } from '../settings.ts';

/** Extends the lease of a build; false if it is over, so that its builder must stop. */
export async function heartbeat({ db, clock, config }: BuildsContext, id: string): Promise<boolean> {
  const build = await getBuild(db, id);
  const now = clock.now();
  await updateSeen(db, build.builder, now);
  return await extendLease(db, build.id, now + buildsConfig(config)['builds.lease-seconds'] * 1000);
}
