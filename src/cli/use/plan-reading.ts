import type { Secret } from '#kernel/config/secret.ts';
import type { Client } from '../client/client.ts';
import { findPrivateIndexes } from '../installers/private-indexes.ts';
import { isEnough, makeReadToken, revokeReadToken } from '../installers/read-token.ts';
import { netrcOf, type Scope } from '../installers/set-installers.ts';
import type { ReadToken, Session } from '../session.ts';

/** How installers are to read an index. */
export interface Reading {
  /** A token made for it, that netrc is to have. */
  readonly token: Secret | undefined;
  /** What the session is to know of tokens; undefined if that stays as it is. */
  readonly kept: Session['readTokens'];
  /** Ends what was made, because it could not be kept. */
  undo(): Promise<void>;
  /** Ends what was made earlier and is not used any more. */
  finish(): Promise<void>;
}

export interface ReadingOf {
  readonly client: Client;
  readonly scope: Scope;
  readonly server: string;
  /** `user/index`. */
  readonly index: string;
  readonly isDry: boolean;
}

const nothing: Reading = {
  token: undefined,
  kept: undefined,
  undo: async () => undefined,
  finish: async () => undefined,
};

/**
 * Makes the token that reads an index which names its readers, unless an earlier one does. What somebody wrote into netrc for
 * the host stays, and is said. Throws if the index may not be read: installers could not, either.
 */
export async function planReading(
  session: Session,
  { client, scope, server, index, isDry }: ReadingOf,
): Promise<Reading> {
  const indexes = await findPrivateIndexes(client, index);
  if (indexes.length === 0) return nothing;
  const before = session.readTokens?.[server];
  const found = await netrcOf(scope, server);
  const { netrc } = scope.places;
  if (found === 'other') {
    process.stderr.write(`${netrc} names a user for the host already, and stays as it is\n`);
    return nothing;
  }
  if (found === 'token' && isEnough(before, indexes, Date.now())) return nothing;
  process.stderr.write(
    `${indexes.join(', ')}: not for everybody; ${isDry ? 'a token that reads this only would go' : 'a token that reads this only goes'} into ${netrc}\n`,
  );
  if (isDry) return nothing;
  const { token, kept } = await makeReadToken(client, indexes);
  return {
    token,
    kept: { ...session.readTokens, [server]: kept } satisfies Readonly<Record<string, ReadToken>>,
    undo: () => revokeReadToken(client, kept),
    finish: async () => {
      if (before !== undefined) await revokeReadToken(client, before);
    },
  };
}
