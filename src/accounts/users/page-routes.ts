import type { FastifyInstance } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Refusal } from '#web/components/form.ts';
import { PAGE_SIZE, pageNumber } from '#web/components/table.ts';
import { readForm, refusalOf } from '#web/serving/read-form.ts';
import { page } from '#web/serving/routes.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { pageOperations } from '../page-operations.ts';
import { readNewPassword } from '../passwords/new-password.ts';
import { ownPasswordRefusal, requireOwnPassword } from '../passwords/own-password.ts';
import { policy } from '../policy.ts';
import { accountsConfig } from '../settings.ts';
import { deleteUser } from './delete-user.ts';
import { getUser } from './find.ts';
import { modifyUser } from './modify-user.ts';
import { deleteUserPage, editUserPage, usersPage } from './pages.ts';
import { seenUser } from './readers.ts';
import { searchUsers } from './store.ts';

/** Pages of users, but the one that shows indexes: that is packages'. */
export function userPageRoutes(app: FastifyInstance, context: AccountsContext): void {
  const { db, accounts } = context;
  const config = accountsConfig(context.config);

  page(app, context, pageOperations.showUsers, async ({ identity, query, url }) => {
    const number = pageNumber(query);
    const { q } = query as { q?: unknown };
    const text = typeof q === 'string' ? q.trim().slice(0, 200) : '';
    const offset = (number - 1) * PAGE_SIZE;
    const { users, total } = await searchUsers(db, { text, offset, limit: PAGE_SIZE });
    return usersPage({
      users: users.map((user) => seenUser(config, identity, user)),
      total,
      page: number,
      text,
      here: url,
      mayCreate: policy.isAllowed(context, identity, 'accounts.create-user', {}),
      isRoot: identity.user === 'root',
      signUp: config['accounts.sign-up'],
    });
  });

  page(app, context, pageOperations.showUserEdit, async ({ identity, query }, { user: name }) => {
    const { title, description, email } = await getUser(db, name);
    return editUserPage({
      name,
      input: { title: title ?? '', description: description ?? '', email: email ?? '' },
      maySetPassword: identity.user !== name,
      asksPassword: await accounts.hasOldLogin(identity),
      done: Object.hasOwn(query as object, 'saved'),
    });
  });

  page(app, context, pageOperations.sendUserEdit, async (request, { user: name }) => {
    const { identity, clientAddress: address } = request;
    const input = readForm(request);
    const maySetPassword = identity.user !== name;
    try {
      const fields = {
        ...textsIn(input),
        ...(maySetPassword && (input['password'] ?? '') !== '' && { password: readNewPassword(input) }),
      };
      await requireOwnPassword(context, request, input);
      await modifyUser(context, { identity, name, address, fields });
      return { seeOther: `/${encodeURIComponent(name)}/+edit?saved` };
    } catch (error) {
      const refusal = ownPasswordRefusal(error) ?? refusalOf(error);
      const asksPassword = await accounts.hasOldLogin(identity);
      return editUserPage({ name, input, maySetPassword, asksPassword, done: false, refusal });
    }
  });

  page(app, context, pageOperations.showUserDeletion, async ({ identity }, { user }) => {
    const { name } = await getUser(db, user);
    return deleteUserPage({ name, asksPassword: await accounts.hasOldLogin(identity) });
  });

  page(app, context, pageOperations.sendUserDeletion, async (request, { user: name }) => {
    const { identity } = request;
    const input = readForm(request);
    const refuse = async (refusal: Refusal) =>
      deleteUserPage({ name, asksPassword: await accounts.hasOldLogin(identity), refusal });
    if (input['typed']?.trim() !== name) return await refuse({ fields: { typed: `Type ${name} to go on.` } });
    try {
      await requireOwnPassword(context, request, input);
      await deleteUser(context, { identity, name });
    } catch (error) {
      return await refuse(ownPasswordRefusal(error) ?? deletionRefusal(error));
    }
    return { seeOther: identity.user === name ? '/' : '/+users' };
  });
}

/** The texts of a user that a form brings; its line ends are those of mail. */
function textsIn(input: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    ['title', 'description', 'email'].flatMap((key) => {
      const value = input[key];
      return value === undefined ? [] : [[key, value.replaceAll('\r\n', '\n')]];
    }),
  );
}

/** A refusal of another part, such as an index that is not volatile, is told with its 403; here it belongs to the question. */
function deletionRefusal(error: unknown): Refusal {
  if (error instanceof AppError && error.kind.status === 403 && error.kind !== accountsErrors.notAllowed) {
    return { message: `${error.message}.`, ...(error.hint !== undefined && { hint: error.hint }) };
  }
  return refusalOf(error);
}
