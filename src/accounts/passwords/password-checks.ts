import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import type { AccountsConfig } from '../settings.ts';
import { FairQueue, type Asker } from './fair-queue.ts';
import { networkOf } from './network-of.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { WrongPasswords } from './wrong-passwords.ts';

/**
 * Hashes and checks passwords for strangers: each takes 100 MiB and a tenth of a second by design, so few run at once, in turn for
 * everybody who asks, and the queue has an end, beyond which nobody would live to see the answer.
 */
export class PasswordChecks {
  readonly #memoryKib: number;
  readonly #queue: FairQueue;
  readonly #wrong: WrongPasswords;

  constructor(config: AccountsConfig, clock: Clock) {
    this.#memoryKib = config['accounts.argon2-memory-kib'];
    const maxWaiting = config['accounts.max-waiting-passwords'];
    this.#queue = new FairQueue(config['accounts.concurrent-passwords'], maxWaiting, () =>
      tooBusy(maxWaiting),
    );
    this.#wrong = new WrongPasswords(clock, config['accounts.max-password-pause'] * 1000);
  }

  /** Throws `kernel.too-busy` when too many wait. */
  async hash(password: string, { user, address }: Asker): Promise<string> {
    const asker = { user, address: networkOf(address) };
    return await this.#queue.run(asker, () => hashPassword(password, this.#memoryKib));
  }

  /** `paused` without a check after too many wrong ones; throws `kernel.too-busy` when too many wait. */
  async verify(
    password: string,
    hash: string,
    { user, address }: Asker,
  ): Promise<'right' | 'wrong' | 'paused'> {
    const asker = { user, address: networkOf(address) };
    if (this.#wrong.pause(asker) > 0) return 'paused';
    const isRight = await this.#queue.run(asker, () => verifyPassword(password, hash));
    if (isRight) this.#wrong.forget(asker);
    else this.#wrong.count(asker);
    return isRight ? 'right' : 'wrong';
  }
}

function tooBusy(maxWaiting: number): AppError {
  return new AppError(
    kernelErrors.tooBusy,
    `more than ${maxWaiting} passwords wait to be checked (accounts.max-waiting-passwords)`,
    { headers: { 'retry-after': '5' } },
  );
}
