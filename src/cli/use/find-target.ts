import { AppError } from '#kernel/errors/app-error.ts';
import { Client } from '../client/client.ts';
import { findServer, type FoundServer } from '../client/find-server.ts';
import { readServerUrl } from '../client/server-url.ts';
import { cliErrors } from '../errors.ts';
import { DEFAULT_SERVER } from '../default-server.ts';
import { credentialsFor, loginAt, type Session } from '../session.ts';

/**
 * Asks the server that `url` names what it is: the URL of a server or an index, `user/index` or `/` of the server in use, or
 * an index of who is logged in. A login is shown to its own server only.
 */
export async function findTarget(session: Session, url: string): Promise<FoundServer> {
  const address = addressOf(session, url);
  const known = [...Object.keys(session.logins), ...(session.server === undefined ? [] : [session.server])];
  const server = known
    .filter((each) => `${address}/`.startsWith(`${each}/`))
    .toSorted()
    .at(-1);
  const credentials = server === undefined ? undefined : await credentialsFor(session, server);
  return await findServer(new Client(server ?? address, { credentials }), address);
}

function addressOf(session: Session, url: string): string {
  if (/^[a-z+]+:\/\//i.test(url)) return readServerUrl(url);
  const server = session.server ?? DEFAULT_SERVER;
  const path = url.replace(/^\/+|\/+$/g, '');
  if (path === '') return server;
  if (path.includes('/')) return readServerUrl(`${server}/${path}`);
  const user = loginAt(session, server)?.user;
  if (user !== undefined) return readServerUrl(`${server}/${user}/${path}`);
  throw new AppError(cliErrors.badArgument, `invalid URL: ${url}`, {
    hint: 'write it with http:// or https://, or as USER/INDEX of the server in use',
  });
}
