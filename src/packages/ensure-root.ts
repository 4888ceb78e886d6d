import { hashPassword, isPasswordHash, verifyPassword } from '#kernel/auth/password.ts';
import { findUser, insertUser } from '#kernel/auth/store.ts';
import type { Context } from '#kernel/context.ts';
import type { Db } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from './errors.ts';
import { insertIndex } from './indexes/store.ts';

/** The public index that a fresh server mirrors: the one place where its address is written. */
export const PYPI_URL = 'https://pypi.org';

/** What a new server starts with, where it is not the usual. */
export interface FirstState {
  readonly rootPassword?: string;
  /** In the place of a password: its argon2 hash, as devpi stores it. */
  readonly rootPasswordHash?: string;
  /** False for a server without root/pypi. */
  readonly hasPypi?: boolean;
}

/**
 * What every new server has: the user root with an empty password, and root/pypi with exactly the options that
 * devpi gives it (reference devpi.md 2.2). Does nothing where root exists, so a removed root/pypi stays removed.
 * True if this call made them.
 */
export async function ensureRoot(context: Context, first: FirstState = {}): Promise<boolean> {
  if ((await findUser(context.db, 'root')) !== undefined) return false;
  const passwordHash = await rootPasswordHash(first, context.config['auth.argon2-memory-kib']);
  return await context.events.change(async (tx, emit) => {
    const now = context.clock.now();
    const root = {
      name: 'root',
      passwordHash,
      keptLogin: null,
      email: null,
      title: null,
      description: null,
      customData: undefined,
      createdAt: now,
      modifiedAt: null,
    };
    // Two servers may start on one new database at once.
    if (!(await insertUser(tx, root))) return false;
    await emit({ type: 'packages.user-created', actor: null, data: { user: 'root' } });
    if (first.hasPypi === false) return true;
    const options = {
      volatile: false,
      title: 'PyPI',
      mirror_url: `${PYPI_URL}/simple/`,
      mirror_web_url_fmt: `${PYPI_URL}/project/{name}/`,
    };
    await insertIndex(tx, { user: 'root', name: 'pypi', type: 'mirror', options }, now);
    await emit({ type: 'packages.index-created', actor: null, data: { index: 'root/pypi' } });
    return true;
  });
}

async function rootPasswordHash(first: FirstState, memoryKib: number): Promise<string> {
  const given = first.rootPasswordHash;
  if (given === undefined) return await hashPassword(first.rootPassword ?? '', memoryKib);
  if (!isPasswordHash(given)) {
    throw new AppError(packagesErrors.invalidUser, 'the hash of the root password is not an argon2 hash');
  }
  return given;
}

/** True while anybody may log in as root. */
export async function hasEmptyRootPassword(db: Db): Promise<boolean> {
  const root = await findUser(db, 'root');
  return root !== undefined && (await verifyPassword('', root.passwordHash));
}
