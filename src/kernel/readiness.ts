import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './clock.ts';
import type { Database } from './db/db.ts';
import { readMigrations, type Migration } from './db/migrate.ts';
import { AppError } from './errors/app-error.ts';
import { kernelErrors } from './errors/kernel-errors.ts';
import type { Files } from './files/files.ts';
import type { Log } from './log/log.ts';
import type { Replica } from './replication/replica.ts';
import { SingleFlight } from './single-flight.ts';

export interface ReadinessOptions {
  readonly database: Database;
  readonly files: Files;
  readonly migrations: readonly Migration[];
  readonly clock: Clock;
  readonly log: Log;
  readonly replica?: Replica | undefined;
  /** How long each is waited for. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 3000;
/** Whoever asks more often is told what was found last. */
const KEPT_MS = 1000;

/** Whether the server can do its work, as far as that is found out without doing any. */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #asking = new SingleFlight<readonly string[]>();
  #last: { readonly at: number; readonly missing: readonly string[] } | undefined;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Throws `kernel.not-ready` with the names of what is not; reasons go to the log, since strangers ask. */
  async demand(): Promise<void> {
    const now = this.#options.clock.now();
    let last = this.#last;
    if (last === undefined || Math.abs(now - last.at) >= KEPT_MS) {
      last = { at: now, missing: await this.#asking.run('all', () => this.#findMissing()) };
      this.#last = last;
    }
    const { missing } = last;
    if (missing.length > 0) throw new AppError(kernelErrors.notReady, `not ready: ${missing.join(', ')}`);
  }

  async #findMissing(): Promise<readonly string[]> {
    const { database, files, migrations, log, replica, patienceMs = PATIENCE_MS } = this.#options;
    const looks: Readonly<Record<string, () => Promise<string[]>>> = {
      database: async () => {
        const { missing, unknown } = await readMigrations(database, migrations);
        return missing.length + unknown.length > 0 ? ['migrations'] : [];
      },
      store: async () => {
        await tryWriting(files);
        return [];
      },
      // Without its primary a replica answers as before; what it has may be wrong only when their pasts differ.
      replica: async () => (replica?.status().isDiverged === true ? ['replica'] : []),
    };
    const found = await Promise.all(
      Object.entries(looks).map(([name, look]) =>
        within(patienceMs, look()).catch((error: unknown) => {
          log.warn({ err: error }, `not ready: ${name}`);
          return [name];
        }),
      ),
    );
    return found.flat();
  }
}

/** One byte, which finds a full disk, too. */
async function tryWriting(files: Files): Promise<void> {
  const file = await files.receive();
  try {
    await file.write(Buffer.from('?'));
  } finally {
    await file.release();
  }
}

async function within<Result>(limitMs: number, work: Promise<Result>): Promise<Result> {
  const timer = new AbortController();
  const late = sleep(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer within ${limitMs} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
