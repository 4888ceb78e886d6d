import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { PartCode } from '#kernel/part.ts';
import type { Accounts, AccountsContext, UserRemovalHook } from './context.ts';
import { accountsErrors } from './errors.ts';
import { LastUses } from './last-uses.ts';
import { Authenticator } from './logins/authenticate.ts';
import { groupPageRoutes } from './groups/page-routes.ts';
import { accountsWords } from './home/event-words.ts';
import { tokenNeeds } from './home/token-needs.ts';
import { groupRoutes } from './groups/routes.ts';
import { confirm } from './logins/confirm.ts';
import { loginPageRoutes } from './logins/page-routes.ts';
import { loginRoutes } from './logins/routes.ts';
import { signUpPageRoutes } from './logins/sign-up-routes.ts';
import { PasswordChecks } from './passwords/password-checks.ts';
import { policy } from './policy.ts';
import { replicatedAccounts } from './replicated.ts';
import { hasOldLogin } from './sessions/has-old-login.ts';
import { accountPageRoutes } from './sessions/page-routes.ts';
import { writeSessionUse } from './sessions/store.ts';
import { accountsConfig } from './settings.ts';
import { createAuthorize, subjects } from './subjects.ts';
import { accountsMigrations } from './tables.ts';
import { tokenPageRoutes } from './tokens/page-routes.ts';
import { tokenRoutes } from './tokens/routes.ts';
import { writeLastUse } from './tokens/store.ts';
import { createRoot } from './users/create-root.ts';
import { userPageRoutes } from './users/page-routes.ts';
import { hasRootPassword, RootPassword } from './users/root-password.ts';
import { userRoutes } from './users/routes.ts';

/** The code of the part; `part.ts` declares it. */
export const code: PartCode = {
  migrations: accountsMigrations,
  initialize: createRoot,
  replicated: replicatedAccounts,
  async open(context: Context) {
    await refuseOpenRoot(context);
    const accounts = createAccounts(context);
    const own = { ...context, accounts } as AccountsContext;
    own.web.addHomePanel(tokenNeeds(own));
    own.web.describeEvents(accountsWords);
    return {
      context: accounts,
      authorize: createAuthorize(context, policy, subjects),
      identify: (headers, address) => accounts.authenticator.identify(headers, address),
      declareRoutes(app) {
        loginRoutes(app, own);
        tokenRoutes(app, own);
        groupRoutes(app, own);
        userRoutes(app, own);
        loginPageRoutes(app, own);
        signUpPageRoutes(app, own);
        accountPageRoutes(app, own);
        tokenPageRoutes(app, own);
        groupPageRoutes(app, own);
        userPageRoutes(app, own);
      },
      async close() {
        await accounts.tokenUses.close();
        await accounts.sessionUses.close();
      },
    };
  },
};

function createAccounts({ db, secret, clock, events, config, log, scopes }: Context): Accounts {
  const scopeMeanings = new Map([
    ['server.read', 'read status, metrics and events of the server'],
    [
      'server.replicate',
      'follow the server as a replica: read everything, password hashes and secrets among it',
    ],
  ]);
  const userRemovalHooks: UserRemovalHook[] = [];
  const tokenUses = new LastUses(db, log, writeLastUse);
  const sessionUses = new LastUses(db, log, writeSessionUse);
  const passwords = new PasswordChecks(accountsConfig(config), clock);
  return {
    authenticator: new Authenticator({
      db,
      clock,
      events,
      secret,
      passwords,
      tokenUses,
      sessionUses,
      allowEmptyRootPassword: config['allow-empty-root-password'],
    }),
    passwords,
    tokenUses,
    sessionUses,
    rootPassword: new RootPassword(db),
    scopes,
    nameScopes: (meanings) =>
      Object.entries(meanings).forEach(([scope, meaning]) => scopeMeanings.set(scope, meaning)),
    meaningOf: (scope) => scopeMeanings.get(scope) ?? scope,
    confirm: (tx, identity) => confirm(secret, tx, identity),
    hasOldLogin: (identity) => hasOldLogin({ db, clock }, identity),
    userRemovalHooks,
    onUserRemoval: (hook) => void userRemovalHooks.push(hook),
  };
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|::1|\[::1\])$/;

async function refuseOpenRoot({ config, db }: Context): Promise<void> {
  if (LOOPBACK.test(config.host) || config['allow-empty-root-password']) return;
  if (await hasRootPassword({ db })) return;
  throw new AppError(
    accountsErrors.emptyRootPassword,
    `refusing to serve on ${config.host} while the root user has an empty password`,
  );
}
