import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { BuildsContext } from '../context.ts';
import { buildsErrors } from '../errors.ts';
import type { Build } from '../model/build.ts';
import { deriveSoon } from '../queue/derive-soon.ts';
import { updateRetry } from './store.ts';

/** Has a build that failed done again, although it would not by itself. Throws 400 for one that did not fail. */
export async function retryBuild(
  context: BuildsContext,
  { identity, build }: { readonly identity: Identity; readonly build: Build },
): Promise<void> {
  if (build.state === 'running' || build.state === 'succeeded')
    throw new AppError(buildsErrors.invalidRequest, `build ${build.id} has not failed: it is ${build.state}`);
  await context.db.transaction().execute(async (tx) => {
    await context.accounts.confirm(tx, identity);
    const now = context.clock.now();
    await updateRetry(tx, build.id, now);
    await deriveSoon(tx, now, build);
  });
}
