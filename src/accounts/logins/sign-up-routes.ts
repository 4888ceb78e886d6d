import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readForm } from '#web/serving/read-form.ts';
import { page } from '#web/serving/routes.ts';
import type { AccountsContext } from '../context.ts';
import { warningFor } from '../password-warning.ts';
import { pageOperations } from '../page-operations.ts';
import { startSession } from '../sessions/start-session.ts';
import { createUserFromForm, userRefusal } from '../users/create-user-from-form.ts';
import { newUserPage } from './sign-up-pages.ts';

/** Making a user: for others by whoever is logged in, or for oneself, where anybody may. */
export function signUpPageRoutes(app: FastifyInstance, context: AccountsContext): void {
  const pageFor = (request: FastifyRequest, input: Readonly<Record<string, string>>) => ({
    reader: request.identity.user,
    input,
    warning: warningFor(request),
  });

  page(app, context, pageOperations.showNewUser, async (request) => newUserPage(pageFor(request, {})));

  page(app, context, pageOperations.sendNewUser, async (request) => {
    const { identity, clientAddress: address } = request;
    const input = readForm(request);
    try {
      const { name, password } = await createUserFromForm(context, { identity, address }, input);
      const seeOther = `/${encodeURIComponent(name)}`;
      if (identity.user !== undefined) return { seeOther };
      const started = await startSession(context, { user: name, password, address, visit: request });
      return { seeOther, cookies: [started.setCookie] };
    } catch (error) {
      return newUserPage({ ...pageFor(request, input), refusal: userRefusal(error) });
    }
  });
}
