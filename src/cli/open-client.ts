import { AppError } from '#kernel/errors/app-error.ts';
import { Client } from './client/client.ts';
import { readServerUrl } from './client/server-url.ts';
import { cliErrors } from './errors.ts';
import { DEFAULT_SERVER } from './default-server.ts';
import { credentialsFor, loginAt, readSession, type Session } from './session.ts';

/** Does what `currentClient` promises. */
export async function openCurrentClient(
  given: string | undefined,
  { isAnonymousEnough = false }: { readonly isAnonymousEnough?: boolean } = {},
): Promise<Client> {
  const session = await readSession();
  const server = readServerUrl(given ?? session.server ?? DEFAULT_SERVER);
  const client = await clientOf(session, server);
  if (isAnonymousEnough || loginAt(session, server) !== undefined) return client;
  throw notLoggedIn(server, given !== undefined);
}

/** Does what `currentUser` promises. */
export async function findCurrentUser(given: string | undefined): Promise<string> {
  const session = await readSession();
  const server = readServerUrl(given ?? session.server ?? DEFAULT_SERVER);
  const user = loginAt(session, server)?.user;
  if (user !== undefined) return user;
  throw notLoggedIn(server, given !== undefined);
}

/**
 * The client of a server, with credentials if somebody is logged in. Throws `cli.not-logged-in` if the login has expired: an
 * answer to a stranger may be another one. In a terminal the password is asked for instead.
 */
export async function clientOf(session: Session, server: string): Promise<Client> {
  const login = loginAt(session, server);
  const credentials = await credentialsFor(session, server);
  if (login === undefined || credentials !== undefined) return new Client(server, { credentials });
  const { user, expiresAt } = login;
  const reason =
    expiresAt <= Date.now()
      ? `the login of ${user} to ${server} expired at ${new Date(expiresAt).toISOString()}`
      : `the keyring does not give the login of ${user} to ${server}`;
  if (process.stdin.isTTY) {
    const { logIn } = await import('./log-in.ts');
    const { readPassword } = await import('./read-password.ts');
    process.stderr.write(`${reason}\n`);
    return (
      await logIn(server, user, await readPassword({ question: `Password of ${user}`, given: undefined }))
    ).client;
  }
  throw new AppError(cliErrors.notLoggedIn, reason, {
    hint: `log in again: wheelhouse login ${user} --server ${server}, or forget it: wheelhouse logoff --server ${server}`,
  });
}

function notLoggedIn(server: string, isNamed: boolean): AppError {
  return new AppError(cliErrors.notLoggedIn, `nobody is logged in to ${server}`, {
    hint: `log in: wheelhouse login USER${isNamed ? ` --server ${server}` : ''}`,
  });
}
