import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '#kernel/clock.ts';
import type { Db } from '#kernel/db/db.ts';
import type { Events } from '#kernel/events/events.ts';
import { hearing, type Listener } from '#kernel/events/listeners.ts';
import { isLoopback } from '#kernel/http/loopback.ts';
import { anonymous, type Identity } from '#kernel/identity.ts';
import { SingleFlight } from '#kernel/single-flight.ts';
import { accountsEvents } from '../events.ts';
import { listGroupsOf } from '../groups/store.ts';
import type { LastUses } from '../last-uses.ts';
import { fingerprintOf } from '../passwords/fingerprint.ts';
import type { PasswordChecks } from '../passwords/password-checks.ts';
import { findSessionByHash } from '../sessions/store.ts';
import { hashSession } from '../sessions/session-cookie.ts';
import { hashApiToken, hasRightChecksum, isApiToken } from '../tokens/api-token.ts';
import { findTokenByHash } from '../tokens/store.ts';
import { findUser, type UserAccount } from '../users/store.ts';
import { findCredentials, type Credentials } from './credentials.ts';
import { isLoginToken, readLoginToken } from './login-token.ts';
import { RememberedIdentities } from './remembered-identities.ts';

/** Who credentials belong to. */
export interface Verified {
  readonly identity: Identity;
  /** When the credentials end by themselves, epoch milliseconds; undefined for passwords, which do not. */
  readonly expiresAt?: number;
}

export interface AuthenticatorOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly events: Events;
  /** Signs login tokens. */
  readonly secret: Buffer;
  readonly passwords: PasswordChecks;
  readonly tokenUses: LastUses;
  readonly sessionUses: LastUses;
  /** Take root's empty password from other machines, too. */
  readonly allowEmptyRootPassword: boolean;
}

/** Verifying as many passwords takes longer than they are remembered: no stranger can push others' out. */
const MAX_REMEMBERED = 10_000;
const MAX_WRONG = 1000;

/**
 * Finds out whom credentials belong to, and remembers it: pip sends the same ones with every request, and each check of a
 * password costs a tenth of a second by design. Events about the user, the token, the session or a group end that, whichever
 * server process wrote them. Wrong passwords are remembered as well, since the same client sends them again and again.
 */
export class Authenticator implements Listener {
  readonly #options: AuthenticatorOptions;
  readonly #known: RememberedIdentities<Verified>;
  readonly #wrong: RememberedIdentities<Verified>;
  readonly #checking = new SingleFlight<Verified>();

  readonly hears = [
    hearing([accountsEvents.groupCreated, accountsEvents.groupChanged, accountsEvents.groupDeleted], () =>
      this.#known.clear(),
    ),
    hearing(
      [
        accountsEvents.userModified,
        accountsEvents.userDeleted,
        accountsEvents.tokenRevoked,
        accountsEvents.sessionEnded,
      ],
      ({ data: { user } }) => {
        this.#known.forget(user);
        this.#wrong.forget(user);
      },
    ),
  ];

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#known = new RememberedIdentities(options.clock, MAX_REMEMBERED);
    this.#wrong = new RememberedIdentities(options.clock, MAX_WRONG);
    options.events.listen(this);
  }

  clear(): void {
    this.#known.clear();
    this.#wrong.clear();
  }

  /**
   * Who sends a request with these headers from this address. Throws only when the server is too busy to check; bad credentials
   * make an anonymous identity with `rejected`.
   */
  async identify(headers: IncomingHttpHeaders, address: string): Promise<Identity> {
    const credentials = findCredentials(headers);
    return credentials === undefined ? anonymous : (await this.check(credentials, address)).identity;
  }

  /**
   * For the hot path: the identity that these credentials gave before, or the anonymous one where there are none; undefined when
   * only `identify` can tell. It ends when the credentials do, and with every event about the user, the token, the session or a
   * group.
   */
  peek(headers: IncomingHttpHeaders): Identity | undefined {
    const credentials = findCredentials(headers);
    if (credentials === undefined) return anonymous;
    return isEmptyRoot(credentials) ? undefined : this.#remembered(credentials)?.identity;
  }

  /**
   * The secret is tried as a token first and as a password second; `__token__`, and no name, go with any token. Until root has a
   * password the empty one is taken from this machine alone: whoever finds a fresh server behind a proxy first must not own it.
   */
  async check(credentials: Credentials, address: string): Promise<Verified> {
    const { allowEmptyRootPassword } = this.#options;
    if (isEmptyRoot(credentials) && !allowEmptyRootPassword && !isLoopback(address)) {
      return rejected('wrong-credentials');
    }
    return this.#remembered(credentials) ?? (await this.#check(credentials, address));
  }

  #remembered(credentials: Credentials): Verified | undefined {
    const found = this.#options.events.isLive ? this.#known.find(credentials) : undefined;
    if (found !== undefined) this.#noteUse(found.identity);
    return found;
  }

  async #check(credentials: Credentials, address: string): Promise<Verified> {
    const { moment } = this.#known;
    const verified = await this.#verify(credentials, address);
    const { identity, expiresAt } = verified;
    if (identity.user === undefined) return verified;
    const withGroups = {
      ...verified,
      identity: { ...identity, groups: await listGroupsOf(this.#options.db, identity.user) },
    };
    const end = expiresAt === undefined ? {} : { end: expiresAt };
    this.#known.keep(credentials, { user: identity.user, result: withGroups, moment, ...end });
    return withGroups;
  }

  #noteUse({ token, loginId, isSession }: Identity): void {
    const { clock, tokenUses, sessionUses } = this.#options;
    if (token !== undefined) tokenUses.note(token.id, clock.now());
    if (isSession === true && loginId !== undefined) sessionUses.note(loginId, clock.now());
  }

  async #verify(credentials: Credentials, address: string): Promise<Verified> {
    if (credentials.isSession) return await this.#verifySession(credentials);
    if (isLoginToken(credentials.secret)) return await this.#verifyLogin(credentials);
    if (isApiToken(credentials.secret)) return await this.#verifyApiToken(credentials);
    return await this.#verifyPassword(credentials, address);
  }

  async #verifyPassword(credentials: Credentials, address: string): Promise<Verified> {
    const { user, secret } = credentials;
    const { db, passwords, events } = this.#options;
    const { moment } = this.#wrong;
    const account = await findUser(db, user);
    if (account === undefined) return rejected('wrong-credentials');
    const wrong = events.isLive ? this.#wrong.find(credentials) : undefined;
    if (wrong !== undefined) return wrong;
    // Requests that bring the same password at the same time wait for one check.
    const key = [address, user, account.passwordHash, secret].join('\0');
    return await this.#checking.run(key, async () => {
      const answer = await passwords.verify(secret, account.passwordHash, { user, address });
      if (answer === 'right') {
        return { identity: { user, groups: [], fingerprint: this.#fingerprint(account) } };
      }
      if (answer === 'paused') return rejected('paused');
      const result = rejected('wrong-credentials');
      this.#wrong.keep(credentials, { user, result, moment });
      return result;
    });
  }

  async #verifyLogin(credentials: Credentials): Promise<Verified> {
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

  /** What ends a login token ends a session as well; and who logs out takes the row away. */
  async #verifySession({ secret }: Credentials): Promise<Verified> {
    const { db, clock, sessionUses } = this.#options;
    const session = await findSessionByHash(db, hashSession(secret));
    const account = session && (await findUser(db, session.user));
    if (session === undefined || account === undefined) return rejected('expired-login');
    const { id, user, endsAt } = session;
    const fingerprint = this.#fingerprint(account);
    const isCurrent = session.fingerprint === fingerprint || id === account.keptLogin;
    if (!isCurrent || endsAt <= clock.now()) return rejected('expired-login');
    sessionUses.note(id, clock.now());
    return { identity: { user, groups: [], loginId: id, isSession: true, fingerprint }, expiresAt: endsAt };
  }

  async #verifyApiToken(credentials: Credentials): Promise<Verified> {
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
}

function isEmptyRoot({ user, secret }: Credentials): boolean {
  return user === 'root' && secret === '';
}

function isNamed({ user }: Credentials, owner: string): boolean {
  return user === '' || user === '__token__' || user === owner;
}

function rejected(why: NonNullable<Identity['rejected']>): Verified {
  return { identity: { ...anonymous, rejected: why } };
}
