import type { Context } from '#kernel/context.ts';
import type { Tx } from '#kernel/db/db.ts';
import type { Emit } from '#kernel/events/events.ts';
import { packagesEvents } from '../events.ts';
import { packagesConfig } from '../settings.ts';
import { insertIndex } from './store.ts';
import { fullName } from '../model/index.ts';

/** The public index that a fresh server mirrors: the one place where its address is written. */
export const PYPI_URL = 'https://pypi.org';

/** Gives a new installation root/pypi with exactly the options of devpi (reference devpi.md 2.2), if it wants it. */
export async function createRootPypi({ clock, config }: Context, tx: Tx, emit: Emit): Promise<void> {
  if (!packagesConfig(config)['packages.root-pypi']) return;
  const options = {
    volatile: false,
    title: 'PyPI',
    mirror_url: `${PYPI_URL}/simple/`,
    mirror_web_url_fmt: `${PYPI_URL}/project/{name}/`,
  };
  const pypi = { user: 'root', name: 'pypi', type: 'mirror', options, isTrusted: true } as const;
  const index = await insertIndex(tx, pypi, clock.now());
  if (index === undefined) return;
  emit(packagesEvents.indexCreated, { actor: null, about: index.id, data: { index: fullName(index) } });
}
