import { AppError } from '#kernel/errors/app-error.ts';
import type { CurrentIndex } from '../current-index.ts';
import { readSession } from '../session.ts';
import { findPrivateIndexes } from './private-indexes.ts';
import { makeReadToken, revokeReadToken } from './read-token.ts';

/** How programs read an index for a while. */
export interface Reading extends AsyncDisposable {
  /** Variables for pip and uv; they may hold a secret. */
  readonly variables: Readonly<Record<string, string>>;
  /** Without secrets. */
  readonly simpleUrl: string;
  /** Text that a program wrote, without the secret that it was given. */
  redact(text: string): string;
}

/**
 * Lets pip and uv read an index until it is disposed of. For indexes that name their readers a token is made that reads these,
 * does nothing else, and then ends: packages run code while they are installed and tested, which must not find a login. It stands in
 * the environment, which no other user sees.
 */
export async function openReading({ client, user, index, url }: CurrentIndex): Promise<Reading> {
  const indexes = await findPrivateIndexes(client, `${user}/${index}`);
  const made = indexes.length === 0 ? undefined : await makeReadToken(client, indexes, { days: 1 });
  const simpleUrl = `${url}/+simple/`;
  const address = new URL(simpleUrl);
  if (made !== undefined) {
    address.username = '__token__';
    address.password = made.token.reveal();
  }
  const { isTrusted = false } = await readSession();
  return {
    simpleUrl,
    redact: (text) => (made === undefined ? text : text.replaceAll(made.token.reveal(), '****')),
    variables: {
      PIP_INDEX_URL: address.href,
      UV_DEFAULT_INDEX: address.href,
      ...(isTrusted && { PIP_TRUSTED_HOST: address.host, UV_INSECURE_HOST: address.host }),
    },
    async [Symbol.asyncDispose]() {
      if (made === undefined) return;
      try {
        await revokeReadToken(client, made.kept);
      } catch (error) {
        // It ends by itself tomorrow.
        if (!(error instanceof AppError)) throw error;
      }
    },
  };
}
