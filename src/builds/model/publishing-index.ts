import { findIndex, type Index } from '#packages';
import type { BuildsContext } from '../context.ts';
import { buildsConfig } from '../settings.ts';

/** Where wheels of an index's sdists appear: on a stage beside them, those of a mirror on the index of the farm. */
export async function publishingIndex(
  { db, config }: Pick<BuildsContext, 'db' | 'config'>,
  source: Index,
): Promise<Index | undefined> {
  if (source.type !== 'mirror') return source;
  const [user = '', name = ''] = buildsConfig(config)['builds.index'].split('/');
  return await findIndex(db, user, name);
}
