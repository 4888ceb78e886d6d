import { operations } from '#accounts/contract';
import { Secret } from '#kernel/config/secret.ts';
import { findKeyring } from './keyring.ts';
import { Client } from './client/client.ts';
import { readSession, writeSession } from './session.ts';

export interface LoggedIn {
  readonly client: Client;
  /** Seconds for which the login counts. */
  readonly seconds: number;
}

/** Exchanges a password for a login token and keeps that in the session; later commands ask this server. */
export async function logIn(server: string, user: string, password: Secret): Promise<LoggedIn> {
  const client = new Client(server);
  const { result } = await client.call(operations.login, { body: { user, password: password.reveal() } });
  await keepLogin(client.url, user, result);
  const credentials = { kind: 'login', user, token: new Secret(result.password) } as const;
  return { client: new Client(client.url, { credentials }), seconds: result.expiration };
}

/** Keeps a login token that a server gave: in the keyring of the system, or else in the file of the session. */
export async function keepLogin(
  server: string,
  user: string,
  { password: token, expiration }: { readonly password: string; readonly expiration: number },
): Promise<void> {
  const session = await readSession();
  const expiresAt = Date.now() + expiration * 1000;
  const isInKeyring = (await findKeyring()?.write({ server, user }, new Secret(token))) === true;
  const login = { user, ...(!isInKeyring && { token }), expiresAt };
  const others = (session.logins[server] ?? []).filter((each) => each.user !== user);
  const logins = { ...session.logins, [server]: [login, ...others] };
  // An index in use is one of the server in use.
  const { index, ...rest } = session;
  const isSame = index !== undefined && server === session.server;
  await writeSession({ ...rest, ...(isSame && { index }), server, logins });
}
