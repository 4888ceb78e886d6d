import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** A program that runs, whose output and pipes whoever started it reads and writes. */
export interface Watched {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Those that were asked for; the first one is descriptor 3 of the program. */
  readonly pipes: readonly (Readable & Writable)[];
  /** When it has ended and everything that held its output has let go. */
  readonly ended: Promise<{ readonly exitCode: number | undefined; readonly signal: string | undefined }>;
  kill(): void;
}

/**
 * Starts a program with an argument vector, with this environment only, nothing to read, and so many more pipes. Nothing of what it prints is
 * kept here: it waits until somebody reads. Throws if it cannot be started.
 */
export async function startWatched(
  argv: readonly [string, ...string[]],
  { env, pipes = 0 }: { readonly env: Readonly<Record<string, string>>; readonly pipes?: number },
): Promise<Watched> {
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...Array.from({ length: pipes }, () => 'pipe' as const)],
    env: { ...env },
  });
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const ended = new Promise<Awaited<Watched['ended']>>((resolve) => {
    child.once('close', (code, signal) =>
      resolve({ exitCode: code ?? undefined, signal: signal ?? undefined }),
    );
  });
  child.on('error', () => undefined);
  const extra = child.stdio.slice(3) as (Readable & Writable)[];
  // Whoever ends early does not read what it was to be told.
  for (const pipe of extra) pipe.on('error', () => undefined);
  return {
    pid: child.pid as number,
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    pipes: extra,
    ended,
    kill: () => void child.kill('SIGKILL'),
  };
}
