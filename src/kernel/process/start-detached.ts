import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { environment } from '../config/environment.ts';

interface Detached {
  readonly logFile: string;
  /** Added to our environment. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Starts a program that goes on when this process has ended, in a session of its own; what it prints is added to a file that nobody else
 * reads. Resolves to its pid, or throws if it cannot be started.
 */
export async function startDetached(
  argv: readonly [string, ...string[]],
  { logFile, variables }: Detached,
): Promise<number> {
  const [program, ...args] = argv;
  const log = await open(logFile, 'a', 0o600);
  try {
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      cwd: '/',
      env: { ...environment, ...variables },
    });
    await once(child, 'spawn');
    child.unref();
    return child.pid as number;
  } finally {
    await log.close();
  }
}
