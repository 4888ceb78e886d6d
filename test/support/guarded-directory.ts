import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

/**
 * A temporary directory for what daemons are started from. They are ended, and it is removed, when it is disposed of, and also when
 * the test is killed.
 */
export async function makeGuardedDirectory(): Promise<TemporaryDirectory> {
  const { path } = await makeTemporaryDirectory();
  const guard = spawn(process.execPath, [join(import.meta.dirname, 'end-with-owner.ts'), path], {
    // Ctrl-C is for the test alone.
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(guard, 'exit');
  return {
    path,
    async [Symbol.asyncDispose]() {
      guard.stdin.end();
      await ended;
    },
  };
}
