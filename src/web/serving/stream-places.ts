import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';

/** Each asks the database after each change. */
const MOST = 200;
/** A page that is seen follows one; many people may share an address. */
const MOST_OF_ADDRESS = 50;

/** How many streams may be followed at once, by all together and from one address. */
export class StreamPlaces {
  readonly #byAddress = new Map<string, number>();
  #taken = 0;

  /** Takes a place, until it is disposed of; throws 503 if there is none. */
  take(address: string): Disposable {
    const own = this.#byAddress.get(address) ?? 0;
    if (this.#taken >= MOST || own >= MOST_OF_ADDRESS) {
      throw new AppError(kernelErrors.tooBusy, 'too many pages follow what happens', {
        headers: { 'retry-after': '60' },
      });
    }
    this.#taken += 1;
    this.#byAddress.set(address, own + 1);
    let isTaken = true;
    return {
      [Symbol.dispose]: () => {
        if (!isTaken) return;
        isTaken = false;
        this.#taken -= 1;
        const left = (this.#byAddress.get(address) ?? 1) - 1;
        if (left === 0) this.#byAddress.delete(address);
        else this.#byAddress.set(address, left);
      },
    };
  }
}
