import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { operations } from '#accounts/contract';
import { Secret } from '#kernel/config/secret.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Client } from '../client/client.ts';
import type { ReadToken } from '../session.ts';

/** A token made anew, whose secret goes where installers look. */
export interface MadeToken {
  readonly token: Secret;
  readonly kept: ReadToken;
}

const RENEW_BEFORE_MS = 7 * 24 * 3600 * 1000;

/** True if a token reads these indexes, for a week at least. */
export function isEnough(kept: ReadToken | undefined, indexes: readonly string[], now: number): boolean {
  return (
    kept !== undefined &&
    Date.parse(kept.expires) - now > RENEW_BEFORE_MS &&
    kept.indexes.toSorted().join() === indexes.toSorted().join()
  );
}

/** Makes an API token that reads these indexes and does nothing else, for as long as the server gives one if no days are named. */
export async function makeReadToken(
  client: Client,
  indexes: readonly string[],
  { days }: { readonly days?: number } = {},
): Promise<MadeToken> {
  // Valid tokens of a user have different names.
  const name = `installers of ${hostname()} ${randomBytes(3).toString('hex')}`.slice(-100);
  const body = { name, scopes: ['packages.read'], on: [...indexes], ...(days !== undefined && { days }) };
  const { result } = await client.call(operations.createToken, { body });
  return {
    token: new Secret(result.token),
    kept: { id: result.id, indexes: [...indexes], expires: result.expires },
  };
}

/** Ends a token; one that is gone already is no failure. */
export async function revokeReadToken(client: Client, { id }: ReadToken): Promise<void> {
  try {
    await client.call(operations.revokeToken, { params: { id } });
  } catch (error) {
    if (!(error instanceof AppError) || error.kind.status !== 404) throw error;
  }
}
