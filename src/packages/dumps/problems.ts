import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';

const MAX_SHOWN = 1000;

/** Everything that is wrong with a dump, found before anything of it counts. */
export class Problems {
  readonly #lines: string[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(line: string): void {
    this.#count += 1;
    // One line each, whatever a name has in it.
    if (this.#lines.length < MAX_SHOWN) this.#lines.push(line.replace(/\p{Cc}/gu, '?').slice(0, 500));
  }

  /** Throws `packages.invalid-dump` with every problem, one a line, if there is any. */
  throwIfAny(directory: string): void {
    if (this.#count === 0) return;
    const rest = this.#count - this.#lines.length;
    const lines = [...this.#lines, ...(rest > 0 ? [`and ${rest} more`] : [])];
    const what = this.#count === 1 ? 'a problem' : `${this.#count} problems`;
    throw new AppError(
      packagesErrors.invalidDump,
      [`the dump in ${directory} has ${what}:`, ...lines].join('\n'),
    );
  }
}
