import { time } from '#web/components/time.ts';
import { foreign, html } from '#web/html.ts';
import type { HomePanel } from '#web/panels.ts';
import type { AccountsContext } from '../context.ts';
import { listTokensOf } from '../tokens/store.ts';

const DAY_MS = 86_400_000;
const WARN_DAYS = 7;

/** On the home page of a user: the tokens that end soon, before what uses them fails. */
export function tokenNeeds({ db, clock }: AccountsContext): HomePanel {
  return {
    async needs({ identity: { user } }) {
      if (user === undefined) return [];
      const now = clock.now();
      const ending = (await listTokensOf(db, user)).filter(
        ({ revokedAt, expiresAt }) =>
          revokedAt === null && expiresAt > now && expiresAt - now <= WARN_DAYS * DAY_MS,
      );
      return ending
        .toSorted((a, b) => a.expiresAt - b.expiresAt)
        .map(({ name, expiresAt, lastUsedAt }) => ({
          state: 'warning',
          word: 'token ends',
          sentence: html`<a href="/+tokens">${foreign(name)}</a> expires ${inDays(expiresAt - now)}; ${
            lastUsedAt === null ? 'never used' : html`last used ${time(lastUsedAt)}`
          }`,
          at: expiresAt,
          action: { label: 'Make a new one', href: '/+tokens' },
        }));
    },
  };
}

function inDays(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  return days === 0 ? 'today' : days === 1 ? 'tomorrow' : `in ${days} days`;
}
