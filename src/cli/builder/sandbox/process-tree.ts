import { readFile, readdir } from 'node:fs/promises';

export interface TreeUse {
  /** Threads count, as they do for the kernel. */
  readonly threads: number;
  /** Pages that are shared count once for each process; `measureShared` is exact, and slower. */
  readonly residentBytes: number;
  readonly pids: readonly number[];
}

const PAGE_BYTES = 4096;
// Fields of /proc/PID/stat behind the name, which may have spaces and parentheses (proc(5)).
const PARENT = 1;
const THREADS = 17;
const RESIDENT = 21;

/**
 * What a process and everything below it use. The first process of a pid namespace is the parent of all whose own has gone, so nothing leaves its
 * tree, also not by a pid namespace within.
 */
export async function measureTree(root: number): Promise<TreeUse> {
  const stats = await Promise.all(
    (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(readStat),
  );
  const children = Map.groupBy(
    stats.filter((each) => each !== undefined),
    ({ parent }) => parent,
  );
  const tree = stats.filter((each) => each?.pid === root);
  // Grows while it is gone through.
  for (const each of tree) tree.push(...(children.get(each?.pid ?? 0) ?? []));
  const found = tree.filter((each) => each !== undefined);
  return {
    threads: found.reduce((sum, { threads }) => sum + threads, 0),
    residentBytes: found.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
    pids: found.map(({ pid }) => pid),
  };
}

/** Memory of these processes, in which what several share counts once. */
export async function measureShared(pids: readonly number[]): Promise<number> {
  const kilobytes = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => '');
      return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0);
    }),
  );
  return kilobytes.reduce((sum, each) => sum + each, 0) * 1024;
}

async function readStat(name: string) {
  const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid: Number(name),
    parent: Number(fields[PARENT]),
    threads: Number(fields[THREADS]),
    residentBytes: Number(fields[RESIDENT]) * PAGE_BYTES,
  };
}
