import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { fastDirectory } from './test/support/fast-directory.ts';

// Unit and slice tests share threads without isolation (nothing here is a singleton), one more than there are
// processors, because they wait half of their time, for PostgreSQL and for slow upstreams;
// the cli and e2e tests start real processes and run one file at a time.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          include: ['src/**/*.test.ts', 'test/*.test.ts', 'test/conformance/*.test.ts'],
          pool: 'threads',
          isolate: false,
          maxWorkers: availableParallelism() + 1,
          env: { TMPDIR: fastDirectory() },
          setupFiles: ['test/support/forget-network.ts'],
          globalSetup: ['test/support/postgres-setup.ts'],
          // Ends what hangs; on a busy machine the slowest take many times their second.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/cli/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          globalSetup: ['test/support/built-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
