import type { FastifyInstance, FastifyRequest } from 'fastify';
import { listUsers, type UserAccount } from '#kernel/auth/store.ts';
import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { readJson } from '#kernel/http/json-body.ts';
import { operations } from '../contract.ts';
import { showIndex } from '../indexes/show-index.ts';
import { listIndexes, type Index } from '../indexes/store.ts';
import { route, sendJson } from '../route.ts';
import { createUser } from './create-user.ts';
import { deleteUser } from './delete-user.ts';
import { getUser } from './find.ts';
import { proxyAuth } from './login.ts';
import { modifyUser } from './modify-user.ts';
import { showUser, type UserFields } from './user-config.ts';

/** Routes of users, as devpi-client speaks them (reference devpi.md 1.5). */
export function userRoutes(app: FastifyInstance, context: Context): void {
  const { db } = context;

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

  route(app, operations.createUser, async (request, { user: name }, reply) => {
    const user = await createUser(context, { identity: request.identity, name, fields: readFields(request) });
    await sendJson(reply, { type: 'userconfig', result: userConfig(user, []) }, 201);
  });

  route(app, operations.modifyUser, async (request, { user: name }, reply) => {
    const fields = readFields(request);
    const user = await modifyUser(context, { identity: request.identity, name, fields });
    if (fields['password'] === undefined) await sendJson(reply, { message: 'user updated' });
    else {
      const result = proxyAuth(context, user);
      await sendJson(reply, { type: 'userpassword', message: 'user updated, new proxy auth', result });
    }
  });

  route(app, operations.deleteUser, async (request, { user: name }, reply) => {
    await deleteUser(context, { identity: request.identity, name });
    await sendJson(reply, { message: `user '${name}' deleted` });
  });
}

function userConfig(user: UserAccount, indexes: readonly Index[]): Record<string, unknown> {
  return {
    ...showUser(user),
    indexes: Object.fromEntries(indexes.map((index) => [index.name, showIndex(index)])),
  };
}

function readFields(request: FastifyRequest): UserFields {
  const body = readJson(request);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as UserFields;
  throw new AppError(kernelErrors.badRequest, 'the body must be a JSON object');
}
