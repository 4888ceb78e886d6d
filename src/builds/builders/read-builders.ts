import type { BuildsContext } from '../context.ts';
import type { Build } from '../model/build.ts';
import { findRunningOf } from '../records/store.ts';
import { isSilent } from './is-silent.ts';
import { listBuilders, type Builder } from './store.ts';

/** A builder as people are told of it. */
export interface KnownBuilder extends Builder {
  readonly isSilent: boolean;
  /** What it is building. */
  readonly build: Build | undefined;
}

/** All builders by name, with what each of them does. */
export async function readBuilders(context: BuildsContext): Promise<KnownBuilder[]> {
  const builders = await listBuilders(context.db);
  return await Promise.all(
    builders.map(async (builder) => ({
      ...builder,
      isSilent: isSilent(context, builder),
      build: await findRunningOf(context.db, builder.name),
    })),
  );
}

/** True for one that takes builds, if there are some for it. */
export function takesBuilds({ state, isSilent: silent }: KnownBuilder): boolean {
  return state === 'active' && !silent;
}
