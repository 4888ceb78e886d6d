import type { FastifyInstance } from 'fastify';
import { readBody } from '#kernel/http/json-body.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import type { AccountsContext } from '../context.ts';
import { NewApiToken, operations } from '../contract.ts';
import { createToken } from './create-token.ts';
import { listTokens } from './list-tokens.ts';
import { revokeToken } from './revoke-token.ts';
import { showToken } from './show-token.ts';

/** API tokens of whoever asks; addresses begin with a plus sign, so that none is a user's. */
export function tokenRoutes(app: FastifyInstance, context: AccountsContext): void {
  route(app, operations.listTokens, async ({ identity, query }, _params, reply) => {
    const { user } = query as { user?: string };
    const tokens = await listTokens(context, { identity, user });
    await sendJson(reply, { type: 'list:apitoken', result: tokens.map(showToken) });
  });

  route(app, operations.createToken, async (request, _params, reply) => {
    const { name, scopes, on, days } = readBody(request, NewApiToken);
    const { identity } = request;
    const { token, secret } = await createToken(context, { identity, name, scopes, on, days });
    const result = { ...showToken(token), token: secret };
    await sendJson(reply.header('cache-control', 'no-store'), { type: 'apitoken', result }, 201);
  });

  route(app, operations.revokeToken, async ({ identity }, { id }, reply) => {
    await revokeToken(context, { identity, id });
    await sendJson(reply, { message: `token '${id}' revoked` });
  });
}
