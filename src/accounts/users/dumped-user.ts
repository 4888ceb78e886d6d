import { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import { accountsErrors } from '../errors.ts';
import { checkName } from '../names.ts';
import { isPasswordHash } from '../passwords/password.ts';
import type { AccountsConfig } from '../settings.ts';
import { newUser, type UserAccount } from './store.ts';
import { checkSize, invalidUser, showUser, withFields } from './user-config.ts';

/** A user as a dump of devpi has it (reference devpi.md 4.1). */
export interface DumpedUser {
  readonly user: UserAccount;
  /** The dump has no hash that passwords can be checked with: nobody logs in until root sets a password. */
  readonly needsPassword: boolean;
  /** Fields that mean nothing here. */
  readonly ignored: readonly string[];
}

/** No password has this hash. */
const NO_PASSWORD = '!';

const Fields = z.looseObject({
  pwhash: z.string().nullish(),
  created: z.string().nullish(),
  modified: z.string().nullish(),
});

const KNOWN = new Set([
  'username',
  'pwhash',
  'pwsalt',
  'password',
  'created',
  'modified',
  'email',
  'title',
  'description',
  'custom_data',
  'indexes',
]);

/** Reads a user of a dump; throws `accounts.invalid-user` naming the field that cannot be stored. */
export function readDumpedUser(name: string, value: unknown, config: AccountsConfig): DumpedUser {
  checkName(accountsErrors.invalidUser, 'username', name);
  const result = Fields.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw invalidUser(`${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
  }
  const { pwhash, created, modified, ...rest } = result.data;
  const isUsable = typeof pwhash === 'string' && isPasswordHash(pwhash, config['accounts.argon2-memory-kib']);
  const bare = newUser(name, isUsable ? pwhash : NO_PASSWORD, timeOf('created', created) ?? 0);
  const user = { ...withFields(bare, rest), modifiedAt: timeOf('modified', modified) };
  checkSize(user, config['accounts.max-user-bytes']);
  return { user, needsPassword: !isUsable, ignored: Object.keys(rest).filter((key) => !KNOWN.has(key)) };
}

/** The same user for a dump, with the hash of the password. */
export function dumpUser(user: UserAccount): Readonly<Record<string, unknown>> {
  return { ...showUser(user), pwhash: user.passwordHash };
}

function timeOf(field: string, text: string | null | undefined): number | null {
  if (text === undefined || text === null) return null;
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw new AppError(accountsErrors.invalidUser, `'${field}' is no time: ${text.slice(0, 50)}`);
  return at;
}
