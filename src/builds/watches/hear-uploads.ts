import { findIndex, listOption, packagesEvents } from '#packages';
import type { Tx } from '#kernel/db/db.ts';
import type { StoredEvent } from '#kernel/events/event-type.ts';
import type { BuildsContext } from '../context.ts';
import { deriveSoon } from '../queue/derive-project.ts';

/** After these the files of a project may be others. */
const TYPES: ReadonlySet<string> = new Set(
  [
    packagesEvents.fileUploaded,
    packagesEvents.releaseRemoved,
    packagesEvents.releaseYanked,
    packagesEvents.releaseUnyanked,
  ].map(({ type }) => type),
);

/** With the events of a stage that builds wheels of its sdists: has it looked at what is to be built of the project. */
export async function hearUploads(
  { clock }: Pick<BuildsContext, 'clock'>,
  tx: Tx,
  events: readonly StoredEvent[],
): Promise<void> {
  for (const { type, data } of events) {
    if (!TYPES.has(type)) continue;
    const { index: named, project } = data as { index: string; project: string };
    const [user = '', name = ''] = named.split('/');
    const index = await findIndex(tx, user, name);
    if (index === undefined || listOption(index, 'build_targets').length === 0) continue;
    await deriveSoon(tx, clock.now(), { indexId: index.id, project });
  }
}
