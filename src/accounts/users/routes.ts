import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { readJson } from '#kernel/http/json-body.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import type { AccountsContext } from '../context.ts';
import { operations } from '../contract.ts';
import { proxyAuth } from '../logins/login.ts';
import { createUser } from './create-user.ts';
import { deleteUser } from './delete-user.ts';
import { modifyUser } from './modify-user.ts';
import { showUser, type UserFields } from './user-config.ts';

/** Changing users, as devpi-client does it (reference devpi.md 1.5); reading them shows indexes, so packages does. */
export function userRoutes(app: FastifyInstance, context: AccountsContext): void {
  route(app, operations.createUser, async (request, { user: name }, reply) => {
    const user = await createUser(context, { ...senderOf(request), name, fields: readFields(request) });
    await sendJson(reply, { type: 'userconfig', result: { ...showUser(user), indexes: {} } }, 201);
  });

  route(app, operations.modifyUser, async (request, { user: name }, reply) => {
    const fields = readFields(request);
    const user = await modifyUser(context, { ...senderOf(request), name, fields });
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

function senderOf({ identity, clientAddress }: FastifyRequest) {
  return { identity, address: clientAddress };
}

function readFields(request: FastifyRequest): UserFields {
  const body = readJson(request);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as UserFields;
  throw new AppError(kernelErrors.badRequest, 'the body must be a JSON object');
}
