import type { Identity } from '#kernel/auth/authenticate.ts';
import { hashPassword, isPasswordHash } from '#kernel/auth/password.ts';
import { insertUser, type UserAccount } from '#kernel/auth/store.ts';
import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { checkName } from '../names.ts';
import { authorize } from '../policy.ts';
import { checkKnownKeys, givenPassword, invalidUser, withFields, type UserFields } from './user-config.ts';

export interface CreateUser {
  readonly identity: Identity;
  readonly name: string;
  readonly fields: UserFields;
}

/** Creates a user and emits `packages.user-created`. A `pwhash` beside the password wins, as in devpi. */
export async function createUser(
  context: Context,
  { identity, name, fields }: CreateUser,
): Promise<UserAccount> {
  authorize(identity, 'user_create', {}, 'no permission to create users');
  checkName(packagesErrors.invalidUser, 'username', name);
  checkKnownKeys(fields);
  const password = givenPassword(fields);
  if (password === undefined) throw invalidUser('password needs to be set');
  const user = withFields(
    {
      name,
      passwordHash: await storedHash(context, password, fields['pwhash']),
      keptLogin: null,
      email: null,
      title: null,
      description: null,
      customData: undefined,
      createdAt: context.clock.now(),
      modifiedAt: null,
    },
    fields,
  );
  await context.events.change(async (tx, emit) => {
    if (!(await insertUser(tx, user))) throw new AppError(packagesErrors.userExists, 'user already exists');
    await emit({ type: 'packages.user-created', actor: identity.user ?? null, data: { user: name } });
  });
  return user;
}

/** The given argon2 hash if there is one, else a fresh hash of the password. */
export async function storedHash(context: Context, password: string, pwhash: unknown): Promise<string> {
  if (pwhash === undefined || pwhash === null) {
    return await hashPassword(password, context.config['auth.argon2-memory-kib']);
  }
  if (typeof pwhash === 'string' && isPasswordHash(pwhash)) return pwhash;
  throw invalidUser("'pwhash' must be an argon2 hash such as $argon2id$v=19$m=102400,t=2,p=8$…");
}
