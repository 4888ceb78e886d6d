/** An API token, as far as a decision needs to know it. */
export interface TokenIdentity {
  readonly id: string;
  readonly name: string;
  /** What it was given for. */
  readonly scopes: readonly string[];
  /** Names of the only indexes that it is for, `user/index`; undefined for all. */
  readonly on?: readonly string[];
}

/** Who sends a request. Wrong credentials make an anonymous identity that says why (reference devpi.md 1.4). */
export interface Identity {
  /** Undefined for an anonymous request. */
  readonly user: string | undefined;
  readonly groups: readonly string[];
  /** Names the login whose token was shown, or the session of a browser. */
  readonly loginId?: string;
  /** It is the session of a browser, which the cookie showed. */
  readonly isSession?: true;
  /** The API token that was shown, where it was no password or login. */
  readonly token?: TokenIdentity;
  /** Tells the stored password hash that a password or a login was checked against from every other. */
  readonly fingerprint?: string;
  /** Why credentials that were sent do not count. */
  readonly rejected?: 'wrong-credentials' | 'expired-login' | 'expired-token' | 'revoked-token' | 'paused';
}

export const anonymous: Identity = { user: undefined, groups: [] };
