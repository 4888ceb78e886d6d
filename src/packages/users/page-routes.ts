import type { FastifyInstance } from 'fastify';
import { accountsConfig, accountsPolicy, getUser, seenUser } from '#accounts';
import { pageNumber } from '#web/components/table.ts';
import { page } from '#web/serving/routes.ts';
import type { PackagesContext } from '../context.ts';
import type { Index } from '../model/index.ts';
import { pageOperations } from '../page-operations.ts';
import { mayRead, policy } from '../policy.ts';
import { listIndexesOf } from './list-users.ts';
import { userPage } from './pages.ts';

/** The page of a user. */
export function userPageRoutes(app: FastifyInstance, context: PackagesContext): void {
  const { db } = context;
  const config = accountsConfig(context.config);

  page(app, context, pageOperations.showUser, async ({ identity, query, url }, { user: name }) => {
    const user = await getUser(db, name);
    const indexes: Index[] = [];
    for await (const index of listIndexesOf(db, [name])) {
      if (mayRead(context, identity, index)) indexes.push(index);
    }
    const subject = { user: name };
    return userPage({
      user: seenUser(config, identity, user),
      indexes,
      page: pageNumber(query),
      here: url,
      isOwn: identity.user === name,
      mayEdit: accountsPolicy.isAllowed(context, identity, 'accounts.modify-user', subject),
      mayDelete: accountsPolicy.isAllowed(context, identity, 'accounts.delete-user', subject),
      mayCreateIndex: policy.isAllowed(context, identity, 'packages.create-index', subject),
    });
  });
}
