import type { Config } from '#kernel/config/kernel-settings.ts';
import type { Log } from '#kernel/log/log.ts';

/** A server that answers. */
export interface Listening {
  /** Empty if it has no address. */
  readonly url: string;
  readonly log: Log;
  /** What the first visit of a browser asks for; undefined once root has a password. */
  readonly setupKey: string | undefined;
}

/** Runs a server until a signal ends it; calls `onListening` once it answers. */
export async function serve(config: Config, onListening: (server: Listening) => void): Promise<void> {
  const { createLog } = await import('#kernel/log/log.ts');
  const { startServer } = await import('../wiring.ts');
  const log = createLog(config);
  const server = await startServer(config, log);
  const { hasRootPassword, setupKey } = await import('#accounts');
  const isNew = !(await hasRootPassword(server.context));
  onListening({ url: server.url, log, setupKey: isNew ? setupKey(server.context.secret) : undefined });
  await untilStopped();
  await server.close();
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
async function untilStopped(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      for (const second of ['SIGTERM', 'SIGINT'] as const) process.on(second, () => process.exit(130));
      resolve();
    });
  }
  await promise;
}
