import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '#kernel/process/run.ts';
import type { BuildLimits, LimitHit } from '../limits.ts';
import { measureShared, measureTree } from './process-tree.ts';

interface Watching {
  /** The first process of the sandbox. */
  readonly pid: number;
  /** Everything that it can write is below it. */
  readonly directory: string;
  readonly limits: BuildLimits;
  /** Aborted when it has ended. */
  readonly signal: AbortSignal;
  readonly onPeak: (bytes: number) => void;
}

const PROCESSES_EVERY_MS = 100;
const DISK_EVERY_MS = 500;
/** Going through a large tree of files takes time: of that, disk use is measured for a tenth. */
const DISK_PAUSE_FACTOR = 9;
const FREE_INODES = 0.05;

/** Resolves to the first limit of processes, memory or disk that is reached; to undefined when the sandbox has ended before. */
export async function watchLimits(watching: Watching): Promise<LimitHit | undefined> {
  return await Promise.race([watchProcesses(watching), watchDisk(watching)]);
}

async function watchProcesses({ pid, limits, signal, onPeak }: Watching): Promise<LimitHit | undefined> {
  while (await pause(PROCESSES_EVERY_MS, signal)) {
    const { threads, residentBytes, pids } = await measureTree(pid);
    // The kernel lets no more be made than that.
    if (threads >= limits.processes) return 'processes';
    const bytes = residentBytes > limits.memoryBytes ? await measureShared(pids) : residentBytes;
    onPeak(Math.min(bytes, residentBytes));
    if (bytes > limits.memoryBytes) return 'memory';
  }
  return undefined;
}

async function watchDisk({ directory, limits, signal }: Watching): Promise<LimitHit | undefined> {
  let pauseMs = 0;
  while (await pause(pauseMs, signal)) {
    // A file that was removed while it is open is nowhere but here.
    const { bavail, bsize, files, ffree } = await statfs(directory);
    if (bavail * bsize < limits.freeDiskBytes) return 'disk';
    // Empty files use up something else.
    if (ffree < files * FREE_INODES) return 'disk';
    const startedAt = performance.now();
    if ((await usedBytes(directory)) > limits.diskBytes) return 'disk';
    pauseMs = Math.max(DISK_EVERY_MS, (performance.now() - startedAt) * DISK_PAUSE_FACTOR);
  }
  return undefined;
}

/** `du` goes into directories that are deeper than a path may be long, and what it does not read does not end it. */
async function usedBytes(directory: string): Promise<number> {
  const { stdout } = await run(['du', '-s', '-x', '-B1', '--', directory]);
  return Number(stdout.split('\t')[0]);
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
