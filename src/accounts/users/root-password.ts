import type { Context } from '#kernel/context.ts';
import type { Db } from '#kernel/db/db.ts';
import { verifyPassword } from '../passwords/password.ts';
import { findUser } from './store.ts';

/** Whether root has a password: a check costs a tenth of a second, so what was found out about a stored hash is remembered. */
export class RootPassword {
  readonly #db: Db;
  #hash: string | undefined;
  #isEmpty = false;

  constructor(db: Db) {
    this.#db = db;
  }

  /** True while anybody may log in as root. */
  async isEmpty(): Promise<boolean> {
    const root = await findUser(this.#db, 'root');
    if (root === undefined) return false;
    if (root.passwordHash !== this.#hash) {
      this.#isEmpty = await verifyPassword('', root.passwordHash);
      this.#hash = root.passwordHash;
    }
    return this.#isEmpty;
  }
}

/** False while anybody may log in as root. */
export async function hasRootPassword({ db }: Pick<Context, 'db'>): Promise<boolean> {
  return !(await new RootPassword(db).isEmpty());
}
