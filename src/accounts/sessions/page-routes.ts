import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Refusal } from '#web/components/form.ts';
import { THEME_COOKIE, themeOf } from '#web/serving/frame-of.ts';
import { readForm, refusalOf } from '#web/serving/read-form.ts';
import { page } from '#web/serving/routes.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { warningFor } from '../password-warning.ts';
import { pageOperations } from '../page-operations.ts';
import { readNewPassword } from '../passwords/new-password.ts';
import { ownPasswordRefusal } from '../passwords/own-password.ts';
import { changeOwnPassword } from '../users/change-own-password.ts';
import { endOtherSessions, endSession } from './end-session.ts';
import { listSessions } from './list-sessions.ts';
import { accountPage } from './pages.ts';

const DONE: Readonly<Record<string, string>> = {
  password: 'The password is changed. Every other browser and program has to log in again.',
  session: 'That browser is logged out.',
  others: 'Every other browser is logged out.',
};

/** The account of who looks: password, sessions, theme. */
export function accountPageRoutes(app: FastifyInstance, context: AccountsContext): void {
  async function show(request: FastifyRequest, refusal?: Refusal) {
    const { identity, query, headers } = request;
    const { done } = query as { done?: unknown };
    return accountPage({
      user: identity.user ?? '',
      groups: identity.groups,
      sessions: await listSessions(context, { identity }),
      current: identity.isSession === true ? identity.loginId : undefined,
      theme: themeOf(headers.cookie) ?? 'system',
      done: typeof done === 'string' && Object.hasOwn(DONE, done) ? DONE[done] : undefined,
      refusal,
      warning: warningFor(request),
      isRoot: identity.user === 'root',
    });
  }

  page(app, context, pageOperations.showAccount, async (request) => await show(request));

  page(app, context, pageOperations.sendPassword, async (request) => {
    const input = readForm(request);
    const { identity, clientAddress: address } = request;
    try {
      const password = readNewPassword(input);
      await changeOwnPassword(context, { identity, current: input['current'] ?? '', password, address });
      return { seeOther: '/+account?done=password' };
    } catch (error) {
      return await show(request, ownPasswordRefusal(error, 'current') ?? refusalOf(error));
    }
  });

  page(app, context, pageOperations.sendSessionEnd, async (request) => {
    const { identity } = request;
    const { session = '', all } = readForm(request);
    if (all === 'others') {
      await endOtherSessions(context, { identity });
      return { seeOther: '/+account?done=others' };
    }
    try {
      await endSession(context, { identity, id: session });
    } catch (error) {
      // It has ended meanwhile, which is what was wanted.
      if (!(error instanceof AppError) || error.kind !== accountsErrors.sessionNotFound) throw error;
    }
    return { seeOther: '/+account?done=session' };
  });

  page(app, context, pageOperations.sendTheme, async (request) => {
    const { theme } = readForm(request);
    const isChosen = theme === 'light' || theme === 'dark';
    const cookie = `${THEME_COOKIE}=${isChosen ? theme : ''}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${isChosen ? 31_536_000 : 0}`;
    return { seeOther: '/+account', cookies: [cookie] };
  });
}
