// Watches over the directory of a test, as a process of its own: when its stdin ends, because the test has ended or was killed, it
// ends what was started from that directory or with it, and removes it.
//
//   node test/support/end-with-owner.ts DIRECTORY
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const GRACE_MS = 30_000;

const directory = process.argv[2] ?? '';
if (!directory.startsWith('/')) throw new Error('name the directory by its absolute path');
process.stdin.resume();
await once(process.stdin, 'end');
for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  for (const pid of await startedFrom(directory)) end(pid, signal);
  const deadline = performance.now() + GRACE_MS;
  while ((await startedFrom(directory)).length > 0 && performance.now() < deadline) await sleep(50);
}
await rm(directory, { recursive: true, force: true });

/** Processes whose command lines name a path; it is unique to a test. Linux tells them, elsewhere none are found. */
async function startedFrom(path: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return pids.filter((pid, at) => pid !== process.pid && lines[at]?.includes(path));
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
