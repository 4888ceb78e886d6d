import type { Identity } from '#kernel/identity.ts';
import type { BuildsContext } from '../context.ts';
import { storeLog } from '../logs/read-log.ts';
import { deleteLogPieces } from '../logs/store.ts';
import type { Build } from '../model/build.ts';
import { deriveSoon } from '../queue/derive-soon.ts';
import { updateEnded } from '../records/store.ts';
import { buildOver } from './running-build.ts';

/** Ends a build that runs: its builder is told with its next heartbeat, and it is not begun again by itself. */
export async function cancelBuild(
  context: BuildsContext,
  { identity, build }: { readonly identity: Identity; readonly build: Build },
): Promise<void> {
  const log = await storeLog(context, build);
  await context.db.transaction().execute(async (tx) => {
    const { user } = await context.accounts.confirm(tx, identity);
    const now = context.clock.now();
    const detail = `cancelled by ${user ?? 'nobody'}`;
    const rest = { seconds: null, failure: 'cancelled', detail, retryAt: null, record: null, log };
    if (!(await updateEnded(tx, build.id, { state: 'cancelled', endedAt: now, ...rest })))
      throw buildOver(build);
    await deleteLogPieces(tx, build.id);
    await deriveSoon(tx, now, build);
  });
}
