/** Who sends a request. Wrong credentials make an anonymous identity that says why (reference devpi.md 1.4). */
export interface Identity {
  /** Undefined for an anonymous request. */
  readonly user: string | undefined;
  readonly groups: readonly string[];
  /** Names the login whose token was shown. */
  readonly loginId?: string;
  /** Why credentials that were sent do not count. */
  readonly rejected?: 'wrong-credentials' | 'expired-login';
}

export const anonymous: Identity = { user: undefined, groups: [] };
