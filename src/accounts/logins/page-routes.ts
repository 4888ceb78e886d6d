import type { FastifyInstance, FastifyRequest } from 'fastify';
import { page } from '#web/serving/routes.ts';
import { readForm } from '#web/serving/read-form.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { pageOperations } from '../page-operations.ts';
import { warningFor } from '../password-warning.ts';
import { policy } from '../policy.ts';
import { endSession } from '../sessions/end-session.ts';
import { forgetSessionCookie } from '../sessions/session-cookie.ts';
import { startSession } from '../sessions/start-session.ts';
import { loginPage } from './pages.ts';

/** Logging browsers in and out. */
export function loginPageRoutes(app: FastifyInstance, context: AccountsContext): void {
  const pageFor = async (request: FastifyRequest, next: string) => ({
    user: '',
    isNew: await context.accounts.rootPassword.isEmpty(),
    next,
    warning: warningFor(request),
    maySignUp: policy.isAllowed(context, request.identity, 'accounts.create-user', {}),
  });

  page(app, context, pageOperations.showLogin, async (request) => {
    const { next } = request.query as { next?: unknown };
    const path = ownPath(next);
    if (request.identity.user !== undefined) return { seeOther: path };
    return loginPage(await pageFor(request, path));
  });

  page(app, context, pageOperations.sendLogin, async (request) => {
    const { user = '', password = '', next } = readForm(request);
    const path = ownPath(next);
    try {
      const started = await startSession(context, {
        user: user.trim(),
        password,
        address: request.clientAddress,
        visit: request,
      });
      await endOwn(request);
      return { seeOther: path, cookies: [started.setCookie] };
    } catch (error) {
      const refusal = loginRefusal(error);
      return loginPage({ ...(await pageFor(request, path)), user, refusal });
    }
  });

  page(app, context, pageOperations.sendLogout, async (request) => {
    await endOwn(request);
    return { seeOther: '/', cookies: [forgetSessionCookie(request)] };
  });

  /** Ends the session that the browser has, if it has one. */
  async function endOwn({ identity }: FastifyRequest): Promise<void> {
    if (identity.isSession === true) await endSession(context, { identity, id: identity.loginId ?? '' });
  }
}

/** The path if it is one of this server, else the home page: a link must not lead to another site through our login. */
export function ownPath(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])[\x21-\x7e]{0,2000}$/.test(next) ? next : '/';
}

function loginRefusal(error: unknown) {
  if (!(error instanceof AppError)) throw error;
  if (error.kind === accountsErrors.loginFailed) {
    const isEmpty = error.hint?.startsWith('the password is empty') === true;
    return {
      message: 'The user name or the password is another one.',
      ...(isEmpty && { hint: `${error.hint}.` }),
    };
  }
  if (error.kind === accountsErrors.tooManyPasswords) {
    return { message: 'Too many wrong passwords: wait a minute before the next try.' };
  }
  throw error;
}
