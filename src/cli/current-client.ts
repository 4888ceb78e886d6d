import { AppError } from '#kernel/errors/app-error.ts';
import { Client } from './client/client.ts';
import { readServerUrl } from './client/server-url.ts';
import { cliErrors } from './errors.ts';
import { text } from './options.ts';
import { credentialsFor, DEFAULT_SERVER, loginAt, readSession, type Session } from './session.ts';

/** Names the server; taken by every command that asks one. */
export const serverOption = text('url', `URL of the server; default is the last one, or ${DEFAULT_SERVER}.`);

/** The client of who is logged in; throws `cli.not-logged-in`. */
export async function currentClient(given: string | undefined): Promise<Client> {
  const session = await readSession();
  const server = readServerUrl(given ?? session.server ?? DEFAULT_SERVER);
  const client = await clientOf(session, server);
  if (loginAt(session, server) !== undefined) return client;
  throw new AppError(cliErrors.notLoggedIn, `nobody is logged in to ${server}`, {
    hint: `log in: wheelhouse login USER${given === undefined ? '' : ` --server ${server}`}`,
  });
}

/**
 * The client of a server, with credentials if somebody is logged in. Throws `cli.not-logged-in` if the login has expired: an
 * answer to a stranger may be another one.
 */
export async function clientOf(session: Session, server: string): Promise<Client> {
  const login = loginAt(session, server);
  const credentials = await credentialsFor(session, server);
  if (login !== undefined && credentials === undefined) {
    const { user, expiresAt } = login;
    throw new AppError(
      cliErrors.notLoggedIn,
      `the login of ${user} to ${server} expired at ${new Date(expiresAt).toISOString()}`,
      { hint: `log in again, or log off: wheelhouse login ${user} --server ${server}` },
    );
  }
  return new Client(server, { credentials });
}
