import { LRUCache } from 'lru-cache';
import type { Files } from '#kernel/files/files.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import { readReport } from './read-report.ts';
import type { ToxResult } from './store.ts';

const MAX_REMEMBERED = 5000;

/** Longer ones are shown when they are asked for, and not in short beside their file. */
const MAX_BYTES = 4 * 1024 ** 2;

/** How results went, in short: what was read once is remembered, since the bytes of a result never change. */
export class Outcomes {
  readonly #files: Files;
  readonly #bySha256 = new LRUCache<string, { readonly outcome: Outcome | undefined }>({
    max: MAX_REMEMBERED,
  });

  constructor(files: Files) {
    this.#files = files;
  }

  /** Undefined for what is no report, or a very long one. */
  async read(result: Pick<ToxResult, 'sha256' | 'size'>): Promise<Outcome | undefined> {
    if (result.size > MAX_BYTES) return undefined;
    const known = this.#bySha256.get(result.sha256);
    if (known !== undefined) return known.outcome;
    const report = await readReport(this.#files, result);
    const outcome = report && outcomeOf(report);
    this.#bySha256.set(result.sha256, { outcome });
    return outcome;
  }
}
