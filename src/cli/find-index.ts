import { environment } from '#kernel/config/environment.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { readIndexUrl } from './client/index-url.ts';
import { readServerUrl } from './client/server-url.ts';
import type { CurrentIndex } from './current-index.ts';
import { DEFAULT_SERVER } from './default-server.ts';
import { clientOf } from './open-client.ts';
import { cliErrors } from './errors.ts';
import { loginAt, readSession, type Session, type SessionPlaces } from './session.ts';

/** Does what `currentIndex` promises. */
export async function findCurrentIndex(
  given: string | undefined,
  server?: string,
  places?: SessionPlaces,
): Promise<CurrentIndex> {
  const session = await readSession(places);
  const found = findIndex(session, given ?? (environment['DEVPI_INDEX'] || undefined), server);
  const client = await clientOf(session, found.server);
  return { client, user: found.user, index: found.index, url: found.url };
}

function findIndex(session: Session, name: string | undefined, given: string | undefined) {
  if (name !== undefined && /^https?:\/\//i.test(name)) return readIndexUrl(name);
  const server = readServerUrl(given ?? session.server ?? DEFAULT_SERVER);
  const isCurrent = given === undefined || server === session.server;
  const path = name === undefined ? (isCurrent ? session.index : undefined) : qualify(session, server, name);
  if (path === undefined) {
    throw new AppError(cliErrors.noIndex, `no index of ${server} is in use`);
  }
  return readIndexUrl(`${server}/${path}`);
}

/** `user/index`, where the user may be left out. */
function qualify(session: Session, server: string, name: string): string {
  const path = name.replace(/^\/+|\/+$/g, '');
  if (/^[^/]+\/[^/]+$/.test(path)) return path;
  if (path === '' || path.includes('/')) {
    throw new AppError(cliErrors.badArgument, `${name} is no index`, {
      hint: 'name it as USER/INDEX, as INDEX of your own, or by its URL',
    });
  }
  const login = loginAt(session, server);
  if (login !== undefined) return `${login.user}/${path}`;
  throw new AppError(
    cliErrors.notLoggedIn,
    `whose index ${path} is meant? nobody is logged in to ${server}`,
    {
      hint: `name it as USER/${path}, or log in: wheelhouse login USER`,
    },
  );
}
