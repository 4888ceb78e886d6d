import { timestamp } from '../timestamp.ts';
import type { ApiToken } from './store.ts';

/** A token as lists show it: everything but the token. */
export function showToken(token: ApiToken) {
  return {
    id: token.id,
    user: token.user,
    name: token.name,
    scopes: token.scopes,
    ...(token.on !== undefined && { on: token.on }),
    created: timestamp(token.createdAt),
    expires: timestamp(token.expiresAt),
    ...(token.revokedAt !== null && { revoked: timestamp(token.revokedAt) }),
    ...(token.lastUsedAt !== null && { last_used: timestamp(token.lastUsedAt) }),
  };
}
