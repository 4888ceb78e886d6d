// A caching mirror of an upstream as large as PyPI, beside nginx's cache and other package indexes. See README.md.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compareColdBursts } from './mirror/cold-burst.ts';
import { compareCompiles } from './mirror/compile.ts';
import { compareHotPages } from './mirror/hot-pages.ts';
import { compareMerged } from './mirror/merged.ts';
import { compareRootLists } from './mirror/root-list.ts';
import { compareSidecars } from './mirror/sidecars.ts';
import { measureStart } from './mirror/start.ts';
import { type Bench, type Findings } from './mirror/workload.ts';
import { moveToLoadCore } from './support/machine.ts';
import {
  mirrorTargetNames,
  startMirror,
  type Mirror,
  type MirrorTargetName,
} from './support/mirror-targets.ts';
import { readOptions } from './support/options.ts';
import { makeWorkDirectory, MemoryLog, publish, say } from './support/run.ts';
import type { Server } from './support/server.ts';
import { startUpstream } from './support/upstream.ts';

const LIST_LENGTH = 700_000;
const QUICK_LIST_LENGTH = 20_000;

const options = readOptions(process.argv.slice(2), mirrorTargetNames);
async function main(): Promise<void> {
  await moveToLoadCore();
  const directory = await makeWorkDirectory();
  say('start the fixture upstream');
  await using upstream = await startUpstream({
    listLength: options.quick ? QUICK_LIST_LENGTH : LIST_LENGTH,
    latencyMs: options.latencyMs,
  });
  const targets = options.targets as readonly MirrorTargetName[];
  const versions = new Map<string, Server>();
  let started = 0;
  const start = async (name: MirrorTargetName): Promise<Mirror> => {
    const place = join(directory, `${name}-${++started}`);
    const mirror = await startMirror(name, place, upstream.url);
    versions.set(name, mirror.server);
    const { server } = mirror;
    return {
      ...mirror,
      server: {
        ...server,
        async [Symbol.asyncDispose]() {
          await server[Symbol.asyncDispose]();
          await rm(place, { recursive: true, force: true });
        },
      },
    };
  };
  const bench: Bench = { options, targets, upstream, directory, start };
  const memory = new MemoryLog();
  const findings: Findings[] = [
    ...(await withRunningMirrors(bench, memory)),
    await compareRootLists(bench),
    await compareCompiles(bench),
    await measureStart(bench),
  ];
  await publish(
    {
      tables: [...findings.flatMap(({ tables }) => tables), memory.table()].filter(
        ({ rows }) => rows.length > 0,
      ),
      servers: [...versions.values()],
      raw: Object.assign({ memory: memory.raw() }, ...findings.map(({ raw }) => raw)) as Record<
        string,
        unknown
      >,
    },
    options,
  );
}

/** Those workloads that do not need a server of their own for each sample. */
async function withRunningMirrors(bench: Bench, memory: MemoryLog): Promise<Findings[]> {
  await using servers = new AsyncDisposableStack();
  const mirrors: Mirror[] = [];
  const all = () => mirrors.map(({ server }) => server);
  const running = async () => {
    if (mirrors.length > 0) return mirrors;
    for (const name of bench.targets) {
      say(`start ${name}`);
      const mirror = await bench.start(name);
      servers.use(mirror.server);
      mirrors.push(mirror);
    }
    await memory.read('started', all());
    return mirrors;
  };
  const findings: Findings[] = [];
  for (const workload of [compareSidecars, compareHotPages, compareMerged, compareColdBursts]) {
    findings.push(await workload(bench, running));
  }
  await memory.read('after pages, sidecars and bursts', all());
  return findings;
}

await main();
