import type { Secret } from '#kernel/config/secret.ts';

/** How a command shows who it is. */
export type Credentials =
  /** The token of `POST /+login`. */
  | { readonly kind: 'login'; readonly user: string; readonly token: Secret }
  /** An API token, `wh_…`. */
  | { readonly kind: 'token'; readonly token: Secret };

/**
 * The headers that show it. A login goes where devpi-client puts it, so that it also passes a proxy that has passwords of
 * its own (reference devpi.md 1.3).
 */
export function headersOf(credentials: Credentials | undefined): Readonly<Record<string, string>> {
  if (credentials === undefined) return {};
  if (credentials.kind === 'token') return { authorization: `Bearer ${credentials.token.reveal()}` };
  const { user, token } = credentials;
  return { 'x-devpi-auth': Buffer.from(`${user}:${token.reveal()}`).toString('base64') };
}

/** The one header of HTTP's own that shows it, for programs that know no other; a login goes as a password does (reference devpi.md 1.3). */
export function basicOrBearer(credentials: Credentials | undefined): string | undefined {
  if (credentials?.kind !== 'login') return headersOf(credentials)['authorization'];
  const { user, token } = credentials;
  return `Basic ${Buffer.from(`${user}:${token.reveal()}`).toString('base64')}`;
}
