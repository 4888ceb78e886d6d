import type { Config } from '#kernel/config/kernel-settings.ts';
import type { Log } from '#kernel/log/log.ts';

/** Runs a server until a signal ends it; calls `onListening` once it answers at this URL, empty if it has no address. */
export async function serve(config: Config, onListening: (url: string, log: Log) => void): Promise<void> {
  const { createLog } = await import('#kernel/log/log.ts');
  const { startServer } = await import('../wiring.ts');
  const log = createLog(config);
  const server = await startServer(config, log);
  onListening(server.url, log);
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
