import type { Config } from '#kernel/config/kernel-settings.ts';

/** Runs a server until a signal ends it; `greeting` goes to stderr when it listens, as stdout is for data. */
export async function serve(config: Config, greeting: (url: string) => string): Promise<void> {
  const { createLog } = await import('#kernel/log/log.ts');
  const { startServer } = await import('../wiring.ts');
  const server = await startServer(config, createLog(config));
  process.stderr.write(greeting(server.url));
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
