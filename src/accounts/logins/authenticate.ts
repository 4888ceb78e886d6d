import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '#kernel/clock.ts';
import type { Db } from '#kernel/db/db.ts';
import { anonymous, type Identity } from '#kernel/identity.ts';
import { verifyPassword } from '../passwords/password.ts';
import { hashApiToken, hasRightChecksum, isApiToken } from '../tokens/api-token.ts';
import { findTokenByHash } from '../tokens/store.ts';
import type { TokenUses } from '../tokens/token-uses.ts';
import { findUser, type UserAccount } from '../users/store.ts';
import { findCredentials, type Credentials } from './credentials.ts';
import { fingerprintOf, isLoginToken, readLoginToken } from './login-token.ts';

const MAX_REMEMBERED = 1000;
const REMEMBER_MS = 300_000;

/** Who credentials belong to. */
export interface Verified {
  readonly identity: Identity;
  /** When the credentials end by themselves, epoch milliseconds; undefined for passwords, which do not. */
  readonly expiresAt?: number;
}

export interface AuthenticatorOptions {
  readonly db: Db;
  readonly clock: Clock;
  /** Signs login tokens. */
  readonly secret: Buffer;
  readonly tokenUses: TokenUses;
}

/**
 * Checks credentials. A verified password is remembered for five minutes under a keyed hash: pip sends the
 * same one with every request, and each argon2 check costs a tenth of a second by design. Requests that bring the same
 * password at the same time wait for one check.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #processKey = randomBytes(32);
  readonly #verified = new Map<string, number>();
  readonly #checking = new Map<string, Promise<boolean>>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** Throws only when the server is too busy to check; bad credentials make an anonymous identity with `rejected`. */
  async identify(headers: IncomingHttpHeaders): Promise<Identity> {
    const credentials = findCredentials(headers);
    return credentials === undefined ? anonymous : (await this.check(credentials)).identity;
  }

  /** The secret is tried as a token first and as a password second; `__token__`, and no name, go with any token. */
  async check(credentials: Credentials): Promise<Verified> {
    if (isLoginToken(credentials.secret)) return await this.#checkLogin(credentials);
    if (isApiToken(credentials.secret)) return await this.#checkApiToken(credentials);
    return await this.#checkPassword(credentials);
  }

  async #checkPassword({ user, secret }: Credentials): Promise<Verified> {
    const account = await findUser(this.#options.db, user);
    if (account === undefined || !(await this.#isPassword(account, secret))) {
      return rejected('wrong-credentials');
    }
    return { identity: { user, groups: [], fingerprint: this.#fingerprint(account) } };
  }

  async #checkLogin(credentials: Credentials): Promise<Verified> {
    const token = readLoginToken(this.#options.secret, credentials.secret);
    const account =
      token && isNamed(credentials, token.user) ? await findUser(this.#options.db, token.user) : undefined;
    if (token === undefined || account === undefined) return rejected('wrong-credentials');
    const { user, loginId, expiresAt } = token;
    const fingerprint = this.#fingerprint(account);
    // A changed password ends a login as time does, except the login that changed it.
    const isCurrent = token.fingerprint === fingerprint || loginId === account.keptLogin;
    if (!isCurrent || expiresAt <= this.#options.clock.now()) return rejected('expired-login');
    return { identity: { user, groups: [], loginId, fingerprint }, expiresAt };
  }

  async #checkApiToken(credentials: Credentials): Promise<Verified> {
    const { db, clock, tokenUses } = this.#options;
    const token = hasRightChecksum(credentials.secret)
      ? await findTokenByHash(db, hashApiToken(credentials.secret))
      : undefined;
    if (token === undefined || !isNamed(credentials, token.user)) return rejected('wrong-credentials');
    const { id, user, name, scopes, on, expiresAt } = token;
    if (token.revokedAt !== null) return rejected('revoked-token');
    if (expiresAt <= clock.now()) return rejected('expired-token');
    tokenUses.note(id, clock.now());
    return { identity: { user, groups: [], token: { id, name, scopes, ...(on && { on }) } }, expiresAt };
  }

  #fingerprint({ passwordHash }: UserAccount): string {
    return fingerprintOf(this.#options.secret, passwordHash);
  }

  async #isPassword(account: UserAccount, password: string): Promise<boolean> {
    const key = createHmac('sha256', this.#processKey)
      .update(`${account.name}\0${account.passwordHash}\0${password}`)
      .digest('base64');
    const now = this.#options.clock.now();
    if ((this.#verified.get(key) ?? 0) > now) return true;
    let checking = this.#checking.get(key);
    if (checking === undefined) {
      checking = verifyPassword(password, account.passwordHash).finally(() => this.#checking.delete(key));
      this.#checking.set(key, checking);
    }
    if (!(await checking)) return false;
    if (this.#verified.size >= MAX_REMEMBERED) this.#verified.clear();
    this.#verified.set(key, now + REMEMBER_MS);
    return true;
  }
}

function isNamed({ user }: Credentials, owner: string): boolean {
  return user === '' || user === '__token__' || user === owner;
}

function rejected(why: NonNullable<Identity['rejected']>): Verified {
  return { identity: { ...anonymous, rejected: why } };
}
