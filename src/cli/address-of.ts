import type { Client } from './client/client.ts';
import { readServerUrl } from './client/server-url.ts';
import { clientOf } from './open-client.ts';
import { currentIndex } from './current-index.ts';
import { DEFAULT_SERVER } from './default-server.ts';
import { readSession } from './session.ts';

/**
 * The address that a path means: of the server with a slash in front, of the index in use without, or a URL, which gets the
 * login of its own server only.
 */
export async function addressOf(
  path: string,
  given: string | undefined,
): Promise<{ readonly client: Client; readonly url: URL }> {
  const session = await readSession();
  if (/^https?:\/\//i.test(path)) {
    const address = path.replace(/[?#].*$/, '');
    readServerUrl(address);
    const url = new URL(path);
    const known = [...Object.keys(session.logins), ...(session.server === undefined ? [] : [session.server])];
    const server = known
      .filter((each) => `${address}/`.startsWith(`${each}/`))
      .toSorted()
      .at(-1);
    return { client: await clientOf(session, server ?? url.origin), url };
  }
  if (path.startsWith('/')) {
    const server = readServerUrl(given ?? session.server ?? DEFAULT_SERVER);
    return { client: await clientOf(session, server), url: new URL(`${server}${path}`) };
  }
  const { client, url } = await currentIndex(undefined, given);
  return { client, url: new URL(`${url}/${path}`) };
}
