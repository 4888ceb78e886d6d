import type { Client } from './client/client.ts';
import type { SessionPlaces } from './session.ts';

/** An index that a command is about, and the client of its server. */
export interface CurrentIndex {
  readonly client: Client;
  readonly user: string;
  readonly index: string;
  /** Without a slash at the end. */
  readonly url: string;
}

/**
 * The index that a command is about. `given` is `user/index`, the name of an index of who is logged in, or a URL; without it
 * that of `$DEVPI_INDEX`, or of `wheelhouse use`. Throws `cli.no-index` if there is none.
 */
export async function currentIndex(
  given: string | undefined,
  server?: string,
  places?: SessionPlaces,
): Promise<CurrentIndex> {
  // Loaded when a command runs, so that its help is there at once.
  const { findCurrentIndex } = await import('./find-index.ts');
  return await findCurrentIndex(given, server, places);
}
