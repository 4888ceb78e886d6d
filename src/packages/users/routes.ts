import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { accountsConfig, getUser, showUserTo, type UserAccount } from '#accounts';
import type { Context } from '#kernel/context.ts';
import { route } from '#kernel/http/route.ts';
import type { Identity } from '#kernel/identity.ts';
import { operations } from '../contract.ts';
import { showHiddenIndex, showIndex } from '../indexes/show-index.ts';
import type { Index } from '../model/index.ts';
import { mayRead } from '../policy.ts';
import { markPrivate } from '../private-answer.ts';
import { listIndexesOf, listUsersWithIndexes } from './list-users.ts';

/** Users with their indexes, as devpi-client reads them (reference devpi.md 1.5). */
export function userRoutes(app: FastifyInstance, context: Context): void {
  const { db } = context;
  const config = accountsConfig(context.config);

  /** Index by index: one user may have very many. */
  async function* renderUser(
    identity: Identity,
    user: UserAccount,
    indexes: AsyncIterable<Index>,
  ): AsyncGenerator<string> {
    yield `${indented(showUserTo(config, identity, user), 0).slice(0, -2)},\n  "indexes": {`;
    let separator = '';
    for await (const index of indexes) {
      const shown = mayRead(context, identity, index) ? showIndex(index) : showHiddenIndex(index);
      yield `${separator}\n    ${JSON.stringify(index.name)}: ${indented(shown, 4)}`;
      separator = ',';
    }
    yield separator === '' ? '}\n}' : '\n  }\n}';
  }

  async function* renderUsers(identity: Identity): AsyncGenerator<string> {
    yield '{\n  "type": "list:userconfig",\n  "result": {';
    let separator = '';
    for await (const { user, indexes } of listUsersWithIndexes(db)) {
      yield `${separator}\n    ${JSON.stringify(user.name)}: `;
      for await (const piece of renderUser(identity, user, indexes)) yield piece.replaceAll('\n', '\n    ');
      separator = ',';
    }
    yield '\n  }\n}\n';
  }

  route(app, operations.listUsers, async (request, _params, reply) => {
    await sendPieces(request, reply, renderUsers(request.identity));
  });

  route(app, operations.readUser, async (request, { user: name }, reply) => {
    const user = await getUser(db, name);
    const pieces = renderUser(request.identity, user, listIndexesOf(db, [name]));
    await sendPieces(request, reply, envelopeOf('userconfig', pieces));
  });
}

async function* envelopeOf(type: string, result: AsyncIterable<string>): AsyncGenerator<string> {
  yield `{\n  "type": ${JSON.stringify(type)},\n  "result": `;
  for await (const piece of result) yield piece.replaceAll('\n', '\n  ');
  yield '\n}\n';
}

/** JSON as `sendJson` writes it, inside something that is indented already. */
function indented(value: object, spaces: number): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', `\n${' '.repeat(spaces)}`);
}

/** As fast as the client reads, so that nothing fills the memory. */
async function sendPieces(
  { method }: FastifyRequest,
  reply: FastifyReply,
  pieces: AsyncIterable<string>,
): Promise<void> {
  markPrivate(reply.raw);
  const body = Readable.from(method === 'HEAD' ? [] : pieces, { objectMode: false });
  await reply.header('content-type', 'application/json').send(body);
}
