import { AppError } from '#kernel/errors/app-error.ts';
import { Client } from './client/client.ts';
import { readServerUrl } from './client/server-url.ts';
import { cliErrors } from './errors.ts';
import { text } from './options.ts';
import { credentialsFor, DEFAULT_SERVER, readSession } from './session.ts';

/** Names the server; taken by every command that asks one. */
export const serverOption = text('url', `URL of the server; default is the last one, or ${DEFAULT_SERVER}.`);

/** The client of who is logged in; throws `cli.not-logged-in`. */
export async function currentClient(given: string | undefined): Promise<Client> {
  const session = await readSession();
  const server = readServerUrl(given ?? session.server ?? DEFAULT_SERVER);
  const credentials = credentialsFor(session, server);
  if (credentials !== undefined) return new Client(server, { credentials });
  throw new AppError(cliErrors.notLoggedIn, `nobody is logged in to ${server}`);
}
