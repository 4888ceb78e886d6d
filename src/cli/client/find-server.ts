import { z } from 'zod';
import type { Client } from './client.ts';
import { readServerUrl } from './server-url.ts';

const Api = z.looseObject({
  result: z.looseObject({
    login: z.string(),
    index: z.string().optional(),
    pypisubmit: z.string().optional(),
    features: z.array(z.string()).default([]),
    authstatus: z.tuple([z.string(), z.string(), z.array(z.string())]),
  }),
});

/** What a server says of an address of its own. */
export interface FoundServer {
  /** The server that the address belongs to, by the host that was asked. */
  readonly server: string;
  /** `user/index`, if it is the address of an index. */
  readonly index: string | undefined;
  /** Whether the index takes uploads. */
  readonly takesUploads: boolean;
  readonly features: readonly string[];
  /** Who the credentials say that is. */
  readonly user: string | undefined;
  /** The address by which the server calls itself, if it is another host than was asked. */
  readonly callsItself: string | undefined;
}

const LOGIN = '/+login';

/**
 * Asks which server, and which index of it, an address names; a server may stand below a path of its host. What the server
 * says of its host is told but not followed: the address that a person gave is the one that is reached and trusted.
 */
export async function findServer(client: Client, address: string): Promise<FoundServer> {
  const url = readServerUrl(address).replace(/\/\+simple$/, '');
  const { result } = await client.ask(new URL(`${url}/+api`), Api);
  const login = new URL(result.login, url);
  const root = login.pathname.endsWith(LOGIN) ? login.pathname.slice(0, -LOGIN.length) : '';
  const { origin, pathname } = new URL(url);
  const isBelow = pathname === root || pathname.startsWith(`${root}/`);
  const server = isBelow ? `${origin}${root}` : url;
  const path = new URL(url).pathname.slice(new URL(server).pathname.replace(/\/$/, '').length + 1);
  const [status, user] = result.authstatus;
  return {
    server,
    index: result.index === undefined ? undefined : decodeURIComponent(path),
    takesUploads: result.pypisubmit !== undefined,
    features: result.features,
    user: status === 'ok' ? user : undefined,
    callsItself: login.origin === origin ? undefined : login.origin,
  };
}
