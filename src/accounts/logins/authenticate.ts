import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '#kernel/clock.ts';
import { fingerprintOf, isLoginToken, readLoginToken } from './login-token.ts';
import { verifyPassword } from './password.ts';
import { anonymous, type Identity } from '#kernel/identity.ts';
import type { UserAccount } from '../users/store.ts';

export interface Credentials {
  /** Empty when only a token was given. */
  readonly user: string;
  readonly secret: string;
}

/**
 * Finds credentials in `X-Devpi-Auth` (base64 of user:secret without a scheme), else in `Authorization`
 * (Basic, or Bearer with a login token). Bytes are UTF-8, or Latin-1 where they are not valid UTF-8.
 */
function findCredentials(headers: IncomingHttpHeaders): Credentials | undefined {
  const own = headers['x-devpi-auth'];
  if (typeof own === 'string') return decodePair(own);
  const [, scheme, value] = /^(\S+) +(\S+)\s*$/.exec(headers.authorization ?? '') ?? [];
  if (value === undefined) return undefined;
  if (scheme?.toLowerCase() === 'basic') return decodePair(value);
  if (scheme?.toLowerCase() === 'bearer') return { user: '', secret: value };
  return undefined;
}

function decodePair(base64: string): Credentials | undefined {
  const bytes = Buffer.from(base64, 'base64');
  const utf8 = bytes.toString('utf8');
  const text = utf8.includes('\uFFFD') ? bytes.toString('latin1') : utf8;
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), secret: text.slice(colon + 1) };
}

const MAX_REMEMBERED = 1000;
const REMEMBER_MS = 300_000;

/**
 * Checks credentials. A verified password is remembered for five minutes under a keyed hash: pip sends the
 * same one with every request, and each argon2 check costs a tenth of a second by design. Requests that bring the same
 * password at the same time wait for one check.
 */
export class Authenticator {
  readonly #secret: Buffer;
  readonly #clock: Clock;
  readonly #findUser: (name: string) => Promise<UserAccount | undefined>;
  readonly #processKey = randomBytes(32);
  readonly #verified = new Map<string, number>();
  readonly #checking = new Map<string, Promise<boolean>>();

  constructor(secret: Buffer, clock: Clock, findUser: (name: string) => Promise<UserAccount | undefined>) {
    this.#secret = secret;
    this.#clock = clock;
    this.#findUser = findUser;
  }

  /** The key that signs login tokens. */
  get secret(): Buffer {
    return this.#secret;
  }

  /** Throws only when the server is too busy to check; bad credentials make an anonymous identity with `rejected`. */
  async identify(headers: IncomingHttpHeaders): Promise<Identity> {
    const credentials = findCredentials(headers);
    return credentials === undefined ? anonymous : await this.check(credentials);
  }

  /** The secret is tried as a login token first and as a password second; any user name goes with a token. */
  async check({ user, secret }: Credentials): Promise<Identity> {
    if (isLoginToken(secret)) return await this.#checkToken(user, secret);
    const account = await this.#findUser(user);
    if (account === undefined || !(await this.#isPassword(account, secret))) {
      return { ...anonymous, rejected: 'wrong-credentials' };
    }
    return { user, groups: [] };
  }

  async #checkToken(user: string, text: string): Promise<Identity> {
    const token = readLoginToken(this.#secret, text);
    const isNamed = user === '' || user === '__token__' || user === token?.user;
    const account = token && isNamed ? await this.#findUser(token.user) : undefined;
    if (token === undefined || account === undefined) return { ...anonymous, rejected: 'wrong-credentials' };
    // A changed password ends a login as time does, except the login that changed it.
    const isCurrent =
      token.fingerprint === fingerprintOf(this.#secret, account.passwordHash) ||
      token.loginId === account.keptLogin;
    if (!isCurrent || token.expiresAt <= this.#clock.now())
      return { ...anonymous, rejected: 'expired-login' };
    return { user: token.user, groups: [], loginId: token.loginId };
  }

  async #isPassword(account: UserAccount, password: string): Promise<boolean> {
    const key = createHmac('sha256', this.#processKey)
      .update(`${account.name}\0${account.passwordHash}\0${password}`)
      .digest('base64');
    const now = this.#clock.now();
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
