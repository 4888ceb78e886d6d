import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { PartCode } from '#kernel/part.ts';
import type { Accounts, AccountsContext, UserRemovalHook } from './context.ts';
import { accountsErrors } from './errors.ts';
import { Authenticator } from './logins/authenticate.ts';
import { loginRoutes } from './logins/routes.ts';
import { createRoot, hasEmptyRootPassword } from './users/create-root.ts';
import { userRoutes } from './users/routes.ts';
import { findUser } from './users/store.ts';

/** The code of the part; `part.ts` declares it. */
export const code: PartCode = {
  // The table of users is older than this part, and made by the kernel's first migration.
  migrations: [],
  initialize: createRoot,
  async open(context: Context) {
    await refuseOpenRoot(context);
    const accounts = createAccounts(context);
    const own = { ...context, accounts } as AccountsContext;
    return {
      context: accounts,
      identify: (headers) => accounts.authenticator.identify(headers),
      declareRoutes(app) {
        loginRoutes(app, own);
        userRoutes(app, own);
      },
    };
  },
};

function createAccounts({ db, secret, clock }: Context): Accounts {
  const userRemovalHooks: UserRemovalHook[] = [];
  return {
    authenticator: new Authenticator(secret, clock, (name) => findUser(db, name)),
    userRemovalHooks,
    onUserRemoval: (hook) => void userRemovalHooks.push(hook),
  };
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|::1|\[::1\])$/;

async function refuseOpenRoot({ config, db }: Context): Promise<void> {
  if (LOOPBACK.test(config.host) || config['allow-empty-root-password']) return;
  if (!(await hasEmptyRootPassword(db))) return;
  throw new AppError(
    accountsErrors.emptyRootPassword,
    `refusing to serve on ${config.host} while the root user has an empty password`,
  );
}
