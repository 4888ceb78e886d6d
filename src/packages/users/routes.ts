import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { accountsConfig, getUser, showUserTo, type UserAccount } from '#accounts';
import type { Context } from '#kernel/context.ts';
import type { Db } from '#kernel/db/db.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import type { Identity } from '#kernel/identity.ts';
import { operations } from '../contract.ts';
import { showIndex } from '../indexes/show-index.ts';
import { listIndexes, type Index } from '../indexes/store.ts';
import { listUsersWithIndexes } from './list-users.ts';

/** Users with their indexes, as devpi-client reads them (reference devpi.md 1.5). */
export function userRoutes(app: FastifyInstance, { db, config: all }: Context): void {
  const config = accountsConfig(all);
  const show = (identity: Identity, user: UserAccount, indexes: readonly Index[]) => ({
    ...showUserTo(config, identity, user),
    indexes: Object.fromEntries(indexes.map((index) => [index.name, showIndex(index)])),
  });

  route(app, operations.listUsers, async ({ identity, method }, _params, reply) => {
    const text = method === 'HEAD' ? [] : renderUsers(db, (user, indexes) => show(identity, user, indexes));
    await reply.header('content-type', 'application/json').send(Readable.from(text));
  });

  route(app, operations.readUser, async ({ identity }, { user }, reply) => {
    const result = show(identity, await getUser(db, user), await listIndexes(db, user));
    await sendJson(reply, { type: 'userconfig', result });
  });
}

/** The JSON of `sendJson` piece by piece, so that no number of users fills the memory. */
async function* renderUsers(
  db: Db,
  show: (user: UserAccount, indexes: readonly Index[]) => object,
): AsyncGenerator<string> {
  yield '{\n  "type": "list:userconfig",\n  "result": {';
  let separator = '';
  for await (const { user, indexes } of listUsersWithIndexes(db)) {
    const config = JSON.stringify(show(user, indexes), null, 2).replaceAll('\n', '\n    ');
    yield `${separator}\n    ${JSON.stringify(user.name)}: ${config}`;
    separator = ',';
  }
  yield '\n  }\n}\n';
}
