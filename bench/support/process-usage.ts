import { readdir, readFile } from 'node:fs/promises';

/** What a server and all its descendants hold and have used so far. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly rssMb: number;
  readonly peakRssMb: number;
}

// USER_HZ: the unit of /proc/<pid>/stat, 100 on every Linux architecture Node runs on.
const ticksPerSecond = 100;

/** Sums utime + stime (all threads) and resident memory over the process tree below `pid`. */
export async function readUsage(pid: number): Promise<Usage> {
  const tree = await readTree(pid);
  const memory = await Promise.all(tree.map((each) => readMemory(each.pid)));
  return {
    cpuSeconds: tree.reduce((sum, each) => sum + each.ticks, 0) / ticksPerSecond,
    rssMb: memory.reduce((sum, each) => sum + each.rssKb, 0) / 1024,
    peakRssMb: memory.reduce((sum, each) => sum + each.peakKb, 0) / 1024,
  };
}

interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

async function readTree(root: number): Promise<ProcessTimes[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = (await Promise.all(pids.map(readTimes))).filter((each) => each !== undefined);
  const first = all.find((each) => each.pid === root);
  if (first === undefined) throw new Error(`process ${root} is gone`);
  const tree = [first];
  for (const parent of tree) tree.push(...all.filter((each) => each.parent === parent.pid));
  return tree;
}

/** A process may end between listing and reading. */
async function readTimes(pid: number): Promise<ProcessTimes | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The program's name stands in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

async function readMemory(pid: number): Promise<{ rssKb: number; peakKb: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return { rssKb: read('VmRSS'), peakKb: read('VmHWM') };
}
