import type { FastifyInstance } from 'fastify';
import { getUser, listUsers, showUser, type UserAccount } from '#accounts';
import type { Context } from '#kernel/context.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import { operations } from '../contract.ts';
import { showIndex } from '../indexes/show-index.ts';
import { listIndexes, type Index } from '../indexes/store.ts';

/** Users with their indexes, as devpi-client reads them (reference devpi.md 1.5). */
export function userRoutes(app: FastifyInstance, { db }: Context): void {
  route(app, operations.listUsers, async (_request, _params, reply) => {
    const indexes = Map.groupBy(await listIndexes(db), (index) => index.user);
    const users = await listUsers(db);
    const result = Object.fromEntries(
      users.map((user) => [user.name, userConfig(user, indexes.get(user.name) ?? [])]),
    );
    await sendJson(reply, { type: 'list:userconfig', result });
  });

  route(app, operations.readUser, async (_request, { user }, reply) => {
    const result = userConfig(await getUser(db, user), await listIndexes(db, user));
    await sendJson(reply, { type: 'userconfig', result });
  });
}

function userConfig(user: UserAccount, indexes: readonly Index[]): Record<string, unknown> {
  return {
    ...showUser(user),
    indexes: Object.fromEntries(indexes.map((index) => [index.name, showIndex(index)])),
  };
}
