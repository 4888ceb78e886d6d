import type { FastifyInstance } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { Refusal } from '#web/components/form.ts';
import { readForm, refusalOf } from '#web/serving/read-form.ts';
import { page } from '#web/serving/routes.ts';
import type { AccountsContext } from '../context.ts';
import { NewApiToken } from '../contract.ts';
import { accountsErrors } from '../errors.ts';
import { pageOperations } from '../page-operations.ts';
import { requireLogin } from '../require-login.ts';
import { accountsConfig } from '../settings.ts';
import { createToken } from './create-token.ts';
import { listTokens } from './list-tokens.ts';
import { madeTokenPage, newTokenPage, revocationPage, scopeField, tokensPage } from './pages.ts';
import { revokeToken } from './revoke-token.ts';
import { findToken, type ApiToken } from './store.ts';

/** Pages of API tokens. */
export function tokenPageRoutes(app: FastifyInstance, context: AccountsContext): void {
  const { accounts, clock } = context;
  const config = accountsConfig(context.config);
  const meanings = () => new Map(accounts.scopes.map((scope) => [scope, accounts.meaningOf(scope)]));
  const newPage = (identity: Identity, input: Readonly<Record<string, string>>) => ({
    user: identity.user ?? '',
    meanings: meanings(),
    defaultDays: Math.min(config['accounts.token-days'], config['accounts.max-token-days']),
    maxDays: config['accounts.max-token-days'],
    input,
  });

  page(app, context, pageOperations.showTokens, async ({ identity, query }) => {
    const { user, revoked } = query as { user?: unknown; revoked?: unknown };
    const owner = typeof user === 'string' && user !== '' ? user : requireLogin(identity);
    const tokens = await listTokens(context, { identity, user: owner });
    return tokensPage({
      owner,
      reader: identity.user ?? '',
      tokens,
      meanings: meanings(),
      now: clock.now(),
      revoked: tokens.find(({ id, revokedAt }) => id === revoked && revokedAt !== null)?.name,
    });
  });

  page(app, context, pageOperations.showNewToken, async ({ identity }) =>
    newTokenPage(newPage(identity, {})),
  );

  page(app, context, pageOperations.sendNewToken, async (request) => {
    const { identity, outsideUrl } = request;
    const input = readForm(request);
    try {
      const { name, scopes, on, days } = NewApiToken.parse({
        name: input['name'] ?? '',
        scopes: accounts.scopes.filter((scope) => input[scopeField(scope)] !== undefined),
        on: indexesIn(input['on']),
        days: daysIn(input['days']),
      });
      const made = await createToken(context, { identity, name, scopes, on, days });
      return madeTokenPage({ ...made, meanings: meanings(), outsideUrl });
    } catch (error) {
      const refusal = tokenRefusal(error);
      return newTokenPage({ ...newPage(identity, input), refusal });
    }
  });

  page(app, context, pageOperations.showTokenRevocation, async ({ identity }, { id }) =>
    revocationPage({ token: await ownToken(context, identity, id), meanings: meanings() }),
  );

  page(app, context, pageOperations.sendTokenRevocation, async ({ identity }, { id }) => {
    const { user } = await ownToken(context, identity, id);
    await revokeToken(context, { identity, id });
    const whose = user === identity.user ? '' : `user=${encodeURIComponent(user)}&`;
    return { seeOther: `/+tokens?${whose}revoked=${id}` };
  });
}

/** A token that who asks may revoke; to others it is not there. */
async function ownToken({ db }: AccountsContext, identity: Identity, id: string): Promise<ApiToken> {
  const actor = requireLogin(identity);
  const token = await findToken(db, id);
  if (token === undefined || (token.user !== actor && actor !== 'root')) {
    throw new AppError(accountsErrors.tokenNotFound, `no API token '${id.slice(0, 100)}'`);
  }
  return token;
}

/** Why a token cannot be made, at the field that is wrong. */
function tokenRefusal(error: unknown): Refusal {
  if (error instanceof AppError && error.kind === accountsErrors.tokenExists) {
    return { fields: { name: 'You have a token of this name; choose another one.' } };
  }
  const refusal = refusalOf(error);
  if (refusal.fields?.['scopes'] === undefined) return refusal;
  return { ...refusal, fields: { ...refusal.fields, scopes: 'Choose one at least.' } };
}

/** `user/index` of each line; undefined where there is none. */
function indexesIn(text = ''): string[] | undefined {
  const names = text.split(/[\s,]+/).filter((name) => name !== '');
  return names.length === 0 ? undefined : names;
}

/** A number, or the text, which the schema refuses. */
function daysIn(text = ''): unknown {
  return text.trim() === '' ? undefined : /^\d{1,9}$/.test(text.trim()) ? Number(text) : text;
}
