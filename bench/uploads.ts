// Uploads of 1 MB wheels, one after another and eight at a time, beside devpi-server. See README.md.
import { createHash, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { comparisonTable, type Comparison } from './support/compare.ts';
import { makeWheel, type Wheel } from './support/corpus.ts';
import { send } from './support/http.ts';
import {
  createIndex,
  indexServerNames,
  startIndexServer,
  tryUpload,
  uploadBody,
  type UploadIndex,
} from './support/index-server.ts';
import { moveToLoadCore } from './support/machine.ts';
import { readOptions } from './support/options.ts';
import { checkListing, fetchPage, indexPagePaths, parseJsonPage } from './support/page-cases.ts';
import { readUsage } from './support/process-usage.ts';
import { makeWorkDirectory, MemoryLog, publish, say, takeTurns } from './support/run.ts';
import type { Server } from './support/server.ts';
import { spreadOf } from './support/statistics.ts';
import type { Table } from './support/table.ts';

const wheelBytes = 1_000_000;
const uploadsPerSecondOfSample = 32;
const parallelisms = [1, 8];

interface Target {
  readonly server: Server;
  readonly index: UploadIndex;
}

interface Sample {
  /** Those that the server acknowledged. */
  readonly uploads: number;
  readonly refused: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly medianMs: number;
  readonly slowestMs: number;
}

const options = readOptions(process.argv.slice(2), indexServerNames);
async function main(): Promise<void> {
  await moveToLoadCore();
  const directory = await makeWorkDirectory();
  const memory = new MemoryLog();
  await using servers = new AsyncDisposableStack();
  const targets: Target[] = [];
  for (const name of indexServerNames.filter((each) => options.targets.includes(each))) {
    say(`start ${name}`);
    const server = servers.use(await startIndexServer(name, join(directory, name)));
    await memory.read('started', [server]);
    targets.push({ server, index: await createIndex(server, options.authentication) });
  }
  targets.sort((a, b) => options.targets.indexOf(a.server.name) - options.targets.indexOf(b.server.name));

  const perCpuSecond: Comparison[] = [];
  const perSecond: Comparison[] = [];
  const medians: Comparison[] = [];
  const slowest: Comparison[] = [];
  const notes: string[] = [];
  const raw: Record<string, unknown>[] = [];
  const allServers = targets.map((target) => target.server);
  for (const parallel of parallelisms) {
    const description = `${parallel} at a time`;
    if (options.only?.test(description) === false) continue;
    say(description);
    const turns = await takeTurns(targets, options, async (target) => await measureUploads(target, parallel));
    if (turns.disturbed > 0) say(`  the machine was busy with something else at ${turns.disturbed} samples`);
    const outcomes = (figure: (sample: Sample) => number) =>
      new Map([...turns.samples].map(([{ server }, each]) => [server.name, { values: each.map(figure) }]));
    perCpuSecond.push({ description, outcomes: outcomes((each) => each.uploads / each.cpuSeconds) });
    perSecond.push({ description, outcomes: outcomes((each) => each.uploads / each.seconds) });
    medians.push({ description, outcomes: outcomes((each) => each.medianMs) });
    slowest.push({ description, outcomes: outcomes((each) => each.slowestMs) });
    for (const [{ server }, each] of turns.samples) {
      const refused = each.reduce((sum, sample) => sum + sample.refused, 0);
      if (refused > 0) notes.push(`${server.name} refused ${refused} uploads, ${description}`);
      raw.push(...each.map((sample) => ({ target: server.name, description, ...sample })));
    }
    await memory.read(`after ${description}`, allServers);
  }
  const table = (title: string, comparisons: readonly Comparison[]) =>
    comparisonTable(comparisons, { title, targets: options.targets, aims: {} });
  await publish(
    {
      tables: [
        withNotes(table('Uploads of 1 MB wheels per CPU second', perCpuSecond), notes),
        table('Uploads of 1 MB wheels per second', perSecond),
        table('Milliseconds from request to answer, median (less is better)', medians),
        table('Milliseconds from request to answer, slowest (less is better)', slowest),
        memory.table(),
      ],
      servers: allServers,
      raw: { samples: raw, memory: memory.raw() },
    },
    options,
  );
}

function withNotes(table: Table, notes: readonly string[]): Table {
  return { ...table, notes: [...table.notes, ...notes] };
}

let projects = 0;

/** Every wheel starts a project of its own, the cheapest case for a server whose projects are lists it rewrites. */
async function measureUploads({ server, index }: Target, parallel: number): Promise<Sample> {
  const count = options.seconds * uploadsPerSecondOfSample;
  const wheels = Array.from({ length: count }, () =>
    makeWheel({ project: `bench-upload-${++projects}`, version: '1.0', payloadBytes: wheelBytes }),
  );
  const bodies = wheels.map((wheel) => ({ wheel, body: uploadBody(wheel) }));
  const milliseconds: number[] = [];
  const stored: Wheel[] = [];
  const waiting = bodies.values();

  const before = await readUsage(server.pid);
  const startedAt = performance.now();
  const workers = Array.from({ length: parallel }, async () => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      const uploadStartedAt = performance.now();
      const { status } = await tryUpload(index, next.value.body);
      milliseconds.push(performance.now() - uploadStartedAt);
      if (status === 200) stored.push(next.value.wheel);
    }
  });
  await Promise.all(workers);
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await readUsage(server.pid);

  await checkStored(server, stored);
  const { median, highest } = spreadOf(milliseconds);
  return {
    uploads: stored.length,
    refused: count - stored.length,
    seconds,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    medianMs: median,
    slowestMs: highest,
  };
}

/** Everything acknowledged must be listed, and what is downloaded must be what was sent. */
async function checkStored(server: Server, wheels: readonly Wheel[]): Promise<void> {
  const drawn = wheels.length === 0 ? -1 : randomInt(wheels.length);
  for (const [number, { project, filename, sha256 }] of wheels.entries()) {
    const page = { project, files: 1, format: 'json' } as const;
    const { body } = await fetchPage(server, indexPagePaths, page, 'identity');
    checkListing(`${server.name}: ${project}`, 'json', body, new Map([[filename, sha256]]));
    if (number !== drawn) continue;
    const url = new URL(parseJsonPage(body).files[0]!.url, server.url + indexPagePaths(page, 'identity'));
    const file = await send(url.href);
    if (createHash('sha256').update(file.body).digest('hex') !== sha256) {
      throw new Error(`${server.name}: ${filename} came back with another hash`);
    }
  }
}

await main();
