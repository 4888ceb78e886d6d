import { findIndex, listOption, packagesEvents } from '#packages';
import type { Tx } from '#kernel/db/db.ts';
import type { StoredEvent } from '#kernel/events/event-type.ts';
import type { BuildsContext } from '../context.ts';
import { deriveSoon } from '../queue/derive-soon.ts';
import { findWatch } from './store.ts';

/** After these the files of a project may be others. */
const TYPES: ReadonlySet<string> = new Set(
  [
    packagesEvents.fileUploaded,
    packagesEvents.releaseRemoved,
    packagesEvents.releaseYanked,
    packagesEvents.releaseUnyanked,
    packagesEvents.projectRemoved,
    packagesEvents.mirrorRefreshed,
  ].map(({ type }) => type),
);

/** With events of which wheels may be wanted: has it looked soon at what is to be built of the project. */
export async function hearUploads(
  { clock }: Pick<BuildsContext, 'clock'>,
  tx: Tx,
  events: readonly StoredEvent[],
): Promise<void> {
  for (const { type, data } of events) {
    if (!TYPES.has(type)) continue;
    const { index: named, project } = data as { index: string; project?: string };
    const [user = '', name = ''] = named.split('/');
    const index = await findIndex(tx, user, name);
    if (index === undefined || project === undefined) continue;
    const isBuilt =
      listOption(index, 'build_targets').length > 0 || (await findWatch(tx, index.id, project)) !== undefined;
    if (!isBuilt) continue;
    await deriveSoon(tx, clock.now(), { indexId: index.id, project });
  }
}
