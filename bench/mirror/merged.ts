// One project that four private indexes and a mirror share: what an index over five bases has to merge.
import { comparisonTable, type Comparison } from '../support/compare.ts';
import { makeWheel, type Wheel } from '../support/corpus.ts';
import { upload, uploadBody, type UploadIndex } from '../support/index-server.ts';
import { send } from '../support/http.ts';
import { measureLoad, requestsPerCpuSecond, writeLoadScript } from '../support/load.ts';
import type { Mirror } from '../support/mirror-targets.ts';
import { checkListing, mediaTypes } from '../support/page-cases.ts';
import { readUsage } from '../support/process-usage.ts';
import { say, takeTurns } from '../support/run.ts';
import {
  expectedFiles,
  isChosen,
  orWrong,
  readFileUrls,
  type Bench,
  type Findings,
  type Outcomes,
  type Running,
} from './workload.ts';

const PROJECT = 'bench-merged-60';
const FILES_PER_STAGE = 60;
const CHANGES = 5;
const CONNECTIONS = 32;
const headers = { accept: mediaTypes.json, 'accept-encoding': 'gzip' };

export async function compareMerged(bench: Bench, running: Running): Promise<Findings> {
  const { options, targets, upstream } = bench;
  if (!isChosen('merged', options)) return { tables: [], raw: {} };
  const mirrors = await running();
  say('merged: five bases');
  const scriptPath = await writeLoadScript(bench.directory);
  const [hot, changed, changedCpu]: [Outcomes, Outcomes, Outcomes] = [new Map(), new Map(), new Map()];
  const ready = [];
  for (const mirror of mirrors) {
    const { mergedPath, stages, server } = mirror;
    if (mergedPath === undefined) continue;
    const merged = { ...mirror, path: mergedPath };
    const filled = await orWrong(server.name, async () => {
      const expected = expectedFiles(await upstream.project(PROJECT));
      for (const [number, stage] of stages.entries()) await fill(stage, number, expected);
      await readFileUrls(merged, PROJECT, expected);
      return await changePage(merged, expected);
    });
    if ('unavailable' in filled) {
      for (const outcomes of [hot, changed, changedCpu]) outcomes.set(server.name, filled);
      continue;
    }
    changed.set(server.name, { values: filled.map(({ seconds }) => seconds * 1000) });
    changedCpu.set(server.name, { values: filled.map(({ cpuSeconds }) => cpuSeconds * 1000) });
    ready.push({ server, path: `${mergedPath}${PROJECT}/` });
  }
  const turns = await takeTurns(ready, options, async ({ server, path }) =>
    measureLoad(
      server,
      { path, headers },
      { seconds: options.seconds, connections: CONNECTIONS, scriptPath },
    ),
  );
  for (const [{ server }, samples] of turns.samples) {
    hot.set(server.name, requestsPerCpuSecond(samples));
  }
  const title = `One project of five bases, ${FILES_PER_STAGE} files from each, JSON`;
  const costs: Comparison[] = [{ description: 'page after an upload, ms', outcomes: changed }];
  return {
    tables: [
      comparisonTable([{ description: 'hot, requests per CPU second', outcomes: hot }], {
        title,
        targets,
        aims: { devpi: 20, peryx: 1 },
      }),
      comparisonTable(costs, {
        title: `${title}: costs (less is better)`,
        targets,
        aims: {},
        lessIsBetter: true,
      }),
    ],
    raw: {
      merged: Object.fromEntries(turns.samples.entries().map(([{ server }, each]) => [server.name, each])),
    },
  };
}

function ownWheel(stage: number, number: number): Wheel {
  return makeWheel({ project: PROJECT, version: `${10 + stage}.${number}` });
}

async function fill(index: UploadIndex, stage: number, expected: Map<string, string>): Promise<void> {
  for (let number = 0; number < FILES_PER_STAGE; number++) {
    const wheel = ownWheel(stage, number);
    await upload(index, uploadBody(wheel));
    expected.set(wheel.filename, wheel.sha256);
  }
}

/** Uploads to the last of the private indexes and asks for the merged page at once. */
async function changePage(
  { server, path, stages }: Mirror,
  expected: Map<string, string>,
): Promise<{ seconds: number; cpuSeconds: number }[]> {
  const samples = [];
  for (let change = 0; change < CHANGES; change++) {
    const wheel = ownWheel(90, change);
    await upload(stages.at(-1)!, uploadBody(wheel));
    expected.set(wheel.filename, wheel.sha256);
    const before = await readUsage(server.pid);
    const startedAt = performance.now();
    const { status, body } = await send(`${server.url}${path}${PROJECT}/`, {
      headers: { accept: mediaTypes.json },
    });
    const seconds = (performance.now() - startedAt) / 1000;
    const after = await readUsage(server.pid);
    if (status !== 200) throw new Error(`after an upload the page answers ${status}`);
    checkListing(`${server.name}: after an upload`, 'json', body, expected);
    samples.push({ seconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds });
  }
  return samples;
}
