import { readFile } from 'node:fs/promises';
import { run } from './run.ts';

const STATE = 0;
const START_TIME = 19;

/**
 * What tells a running process from every other that had or gets its number, also before and after a reboot; undefined if there is
 * none with that number, or if it has ended and waits for its parent.
 */
export async function findProcess(pid: number): Promise<string | undefined> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined);
  if (boot === undefined) return await findByPs(pid);
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name before them may have spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[STATE] === 'Z' ? undefined : `${boot.trim()} ${fields[START_TIME] ?? ''}`;
}

/** Where there is no /proc. */
async function findByPs(pid: number): Promise<string | undefined> {
  const { exitCode, stdout } = await run(['ps', '-o', 'stat=,lstart=', '-p', String(pid)]);
  const [state = '', ...started] = stdout.trim().split(/\s+/);
  return exitCode === 0 && !state.startsWith('Z') ? started.join(' ') : undefined;
}
