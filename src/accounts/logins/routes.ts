import type { FastifyInstance } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { readJson } from '#kernel/http/json-body.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import type { AccountsContext } from '../context.ts';
import { Login, operations } from '../contract.ts';
import { login } from './login.ts';

/** Exchanging a password for a token (reference devpi.md 1.4). */
export function loginRoutes(app: FastifyInstance, context: AccountsContext): void {
  route(app, operations.login, async (request, _params, reply) => {
    const body = Login.safeParse(readJson(request));
    if (!body.success) throw new AppError(kernelErrors.badRequest, 'Bad request: no user/password specified');
    const result = await login(context, { ...body.data, address: request.clientAddress });
    await sendJson(reply, { type: 'proxyauth', message: 'login successful', result });
  });
}
