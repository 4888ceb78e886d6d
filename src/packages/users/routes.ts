import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { accountsConfig, getUser, showUserTo, type UserAccount } from '#accounts';
import type { Context } from '#kernel/context.ts';
import type { Db } from '#kernel/db/db.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import type { Identity } from '#kernel/identity.ts';
import { operations } from '../contract.ts';
import { showHiddenIndex, showIndex } from '../indexes/show-index.ts';
import { listIndexes } from '../indexes/store.ts';
import { mayRead } from '../policy.ts';
import { markPrivate } from '../private-answer.ts';
import { listUsersWithIndexes } from './list-users.ts';
import type { Index } from '../model/index.ts';

/** Users with their indexes, as devpi-client reads them (reference devpi.md 1.5). */
export function userRoutes(app: FastifyInstance, context: Context): void {
  const { db } = context;
  const config = accountsConfig(context.config);
  const show = (identity: Identity, user: UserAccount, indexes: readonly Index[]) => ({
    ...showUserTo(config, identity, user),
    indexes: Object.fromEntries(indexes.map((index) => [index.name, showIndexTo(identity, index)])),
  });

  const showIndexTo = (identity: Identity, index: Index) =>
    mayRead(context, identity, index) ? showIndex(index) : showHiddenIndex(index);

  route(app, operations.listUsers, async ({ identity, method }, _params, reply) => {
    markPrivate(reply.raw);
    const text = method === 'HEAD' ? [] : renderUsers(db, (user, indexes) => show(identity, user, indexes));
    await reply.header('content-type', 'application/json').send(Readable.from(text));
  });

  route(app, operations.readUser, async ({ identity }, { user }, reply) => {
    markPrivate(reply.raw);
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
