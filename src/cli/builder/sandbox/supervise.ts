import type { Watched } from '#kernel/process/start-watched.ts';
import type { BuildLimits, LimitHit } from '../limits.ts';
import { watchLimits } from './watch-limits.ts';

interface Supervised {
  readonly bwrap: Watched;
  /** The first process inside; undefined if there is none. */
  readonly pid: number | undefined;
  readonly directory: string;
  readonly limits: BuildLimits;
  readonly signal: AbortSignal;
}

export interface Supervision {
  /** 137 where it was killed. */
  readonly exitCode: number;
  /** The first limit that it reached. */
  readonly limit: LimitHit | undefined;
  readonly peakMemoryBytes: number;
}

const KILLED = 137;

/** Resolves when nothing of a sandbox is left; kills all of it when it reaches a limit, or when the signal is aborted. */
export async function supervise({ bwrap, pid, directory, limits, signal }: Supervised): Promise<Supervision> {
  const over = new AbortController();
  const ended = bwrap.ended.finally(() => over.abort());
  let limit: LimitHit | undefined;
  let peakMemoryBytes = 0;
  const onPeak = (bytes: number) => {
    peakMemoryBytes = Math.max(peakMemoryBytes, bytes);
  };
  const kill = () => {
    if (!over.signal.aborted) killAll(bwrap, pid);
  };
  const reach = (reached: LimitHit | undefined) => {
    if (reached === undefined || over.signal.aborted) return;
    limit ??= reached;
    kill();
  };
  const timer = setTimeout(() => reach('time'), limits.seconds * 1000);
  signal.addEventListener('abort', kill);
  if (signal.aborted) kill();
  try {
    const watched =
      pid === undefined
        ? undefined
        : await watchLimits({ pid, directory, limits, signal: over.signal, onPeak });
    reach(watched);
    const { exitCode = KILLED } = await ended;
    return { exitCode, limit, peakMemoryBytes };
  } finally {
    kill();
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
}

/** All goes with the first process of its pid namespace, and bwrap, which waits for it, ends after that. */
function killAll(bwrap: Watched, pid: number | undefined): void {
  if (pid === undefined) return bwrap.kill();
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}
