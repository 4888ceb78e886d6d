import { operations } from '#builds/contract';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Client } from '../client/client.ts';
import { cliErrors } from '../errors.ts';

/** The number of a build: as it was given, or the newest one of the project that was named. */
export async function findBuildNamed(client: Client, named: string): Promise<string> {
  if (/^\d+$/.test(named)) return named;
  const { builds } = await client.call(operations.listBuilds, { query: { project: named } });
  const [newest] = builds;
  if (newest !== undefined) return String(newest.id);
  throw new AppError(cliErrors.badArgument, `nothing of ${named} was built yet`, {
    hint: 'wheelhouse build projects shows what is to be built',
  });
}
