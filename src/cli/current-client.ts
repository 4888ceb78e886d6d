import type { Client } from './client/client.ts';
import { DEFAULT_SERVER } from './default-server.ts';
import { text } from './options.ts';

/** Names the server; taken by every command that asks one. */
export const serverOption = text('url', `URL of the server; default is the last one, or ${DEFAULT_SERVER}.`);

/** The client of who is logged in; throws `cli.not-logged-in`, unless a stranger will do. */
export async function currentClient(
  given: string | undefined,
  ways: { readonly isAnonymousEnough?: boolean } = {},
): Promise<Client> {
  // Loaded when a command runs, so that its help is there at once.
  const { openCurrentClient } = await import('./open-client.ts');
  return await openCurrentClient(given, ways);
}

/** Who is logged in; throws `cli.not-logged-in`. */
export async function currentUser(given: string | undefined): Promise<string> {
  const { findCurrentUser } = await import('./open-client.ts');
  return await findCurrentUser(given);
}
