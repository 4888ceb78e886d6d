import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '#test/clients.ts';
import { runChecked } from '#test/run-command.ts';

const serverCore = '0';
const loadCore = '1';

/** Servers run on core 0, all that makes load on core 1; on one core, or without taskset, nothing is pinned. */
const canPin = availableParallelism() > 1 && findProgram('taskset') !== undefined;

export function onServerCore(argv: readonly string[]): string[] {
  return canPin ? ['taskset', '-c', serverCore, ...argv] : [...argv];
}

/** Moves this process, and whatever it starts from now on, off the servers' core. */
export async function moveToLoadCore(): Promise<void> {
  if (canPin) await runChecked(['taskset', '-a', '-c', '-p', loadCore, String(process.pid)]);
}

const quietShare = 0.12;

/** Waits until the machine has little else to do; false when it did not become quiet in time. */
export async function waitForQuiet(limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  do {
    if ((await busyShare(200)) < quietShare) return true;
  } while (performance.now() < deadline);
  return false;
}

async function busyShare(windowMs: number): Promise<number> {
  const before = await readCpuTicks();
  await sleep(windowMs);
  const after = await readCpuTicks();
  return 1 - (after.idle - before.idle) / Math.max(1, after.total - before.total);
}

async function readCpuTicks(): Promise<{ total: number; idle: number }> {
  const line = (await readFile('/proc/stat', 'utf8')).split('\n')[0]!;
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { total: ticks.reduce((sum, each) => sum + each, 0), idle: ticks[3]! + ticks[4]! };
}

export function describeMachine(): Record<string, string> {
  return {
    processors: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    kernel: release(),
    pinned: canPin ? `servers on core ${serverCore}, load on core ${loadCore}` : 'no',
  };
}
