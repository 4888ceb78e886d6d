// Metadata sidecars (PEP 658): two thousand different ones, each fetched once from upstream, then hot.
import { createHash } from 'node:crypto';
import { comparisonTable, type Comparison } from '../support/compare.ts';
import { send } from '../support/http.ts';
import { measureLoad, requestsPerCpuSecond, writePathsScript } from '../support/load.ts';
import type { Mirror } from '../support/mirror-targets.ts';
import { readUsage } from '../support/process-usage.ts';
import { say, takeTurns } from '../support/run.ts';
import {
  expectedFiles,
  isChosen,
  orWrong,
  readFileUrls,
  redirects,
  WrongAnswer,
  type Bench,
  type Findings,
  type Outcomes,
  type Running,
} from './workload.ts';

const PER_PROJECT = 10;
const PARALLEL = 32;

interface Sidecar {
  readonly project: string;
  readonly filename: string;
  readonly sha256: string;
}

export async function compareSidecars(bench: Bench, running: Running): Promise<Findings> {
  const { options, targets, upstream } = bench;
  if (!isChosen('sidecars', options)) return { tables: [], raw: {} };
  const mirrors = await running();
  const sidecars = await chooseSidecars(bench);
  say(`sidecars: ${sidecars.length}`);
  const coldCpu: Outcomes = new Map();
  const coldRate: Outcomes = new Map();
  const hot: Outcomes = new Map();
  const ready = [];
  for (const mirror of mirrors) {
    const { server } = mirror;
    const found = server.name === 'pypiserver' ? redirects : await findSidecars(bench, mirror, sidecars);
    const checked =
      'unavailable' in found ? found : await orWrong(server.name, async () => fetchAll(mirror, found.urls));
    if ('unavailable' in checked || 'unavailable' in found) {
      const reason = 'unavailable' in checked ? checked : (found as typeof redirects);
      for (const outcomes of [coldCpu, coldRate, hot]) outcomes.set(server.name, reason);
      continue;
    }
    coldCpu.set(server.name, { values: [sidecars.length / checked.cpuSeconds] });
    coldRate.set(server.name, { values: [sidecars.length / checked.seconds] });
    const paths = found.urls.map(({ url }) => new URL(url).pathname);
    const scriptPath = await writePathsScript(bench.directory, `sidecars-${server.name}`, {
      paths,
      headers: {},
    });
    ready.push({ server, scriptPath, path: paths[0]!, bodyBytes: checked.bytes / sidecars.length });
  }
  await upstream.reset();
  const turns = await takeTurns(ready, options, async ({ server, scriptPath, path }) =>
    measureLoad(
      server,
      { path, headers: {} },
      { seconds: options.seconds, connections: PARALLEL, scriptPath },
    ),
  );
  for (const [{ server }, samples] of turns.samples) {
    hot.set(server.name, requestsPerCpuSecond(samples));
  }
  const comparisons: Comparison[] = [
    { description: 'hot, requests per CPU second', outcomes: hot },
    { description: 'first time, requests per CPU second', outcomes: coldCpu },
    { description: 'first time, requests per second', outcomes: coldRate },
  ];
  return {
    tables: [
      comparisonTable(comparisons, {
        title: `Metadata sidecars: ${sidecars.length} different ones`,
        targets,
        aims: { peryx: 1 },
      }),
    ],
    raw: {
      sidecars: Object.fromEntries(turns.samples.entries().map(([{ server }, each]) => [server.name, each])),
    },
  };
}

/** Of the newest releases of each project, one wheel each. */
async function chooseSidecars({ upstream, options }: Bench): Promise<Sidecar[]> {
  const projects = Object.keys(upstream.resolution.pins).slice(0, options.quick ? 20 : undefined);
  const chosen: Sidecar[] = [];
  for (const name of projects) {
    const { files } = await upstream.project(name);
    const byVersion = new Map(
      files.filter(({ metadataSha256 }) => metadataSha256 !== undefined).map((file) => [file.version, file]),
    );
    for (const { filename, metadataSha256 } of [...byVersion.values()].slice(-PER_PROJECT)) {
      chosen.push({ project: name, filename, sha256: metadataSha256! });
    }
  }
  return chosen;
}

interface FoundSidecars {
  readonly urls: readonly (Sidecar & { readonly url: string })[];
}

/** Where the target's own pages say the files are. */
async function findSidecars(
  { upstream }: Bench,
  mirror: Mirror,
  sidecars: readonly Sidecar[],
): Promise<FoundSidecars | { readonly unavailable: string }> {
  const [first] = sidecars;
  const page = await send(`${mirror.server.url}${mirror.path}${first!.project}/`, {
    headers: { accept: 'application/vnd.pypi.simple.v1+json' },
  });
  if (
    !/"(?:core-metadata|data-dist-info-metadata|dist-info-metadata)": ?(?:true|\{)/.test(page.body.toString())
  ) {
    return { unavailable: 'no sidecars' };
  }
  const urls = [];
  for (const [project, wanted] of Map.groupBy(sidecars, (each) => each.project)) {
    const known = await readFileUrls(mirror, project, expectedFiles(await upstream.project(project)));
    urls.push(
      ...wanted.map((each) => ({ ...each, url: `${known.get(each.filename)!.split('#')[0]}.metadata` })),
    );
  }
  return { urls };
}

async function fetchAll(
  { server }: Mirror,
  wanted: FoundSidecars['urls'],
): Promise<{ seconds: number; cpuSeconds: number; bytes: number }> {
  const waiting = wanted.values();
  let bytes = 0;
  const before = await readUsage(server.pid);
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (const { url, sha256, filename } of waiting) {
        const { status, body } = await send(url);
        if (status !== 200 || createHash('sha256').update(body).digest('hex') !== sha256) {
          throw new WrongAnswer(`${filename}.metadata: ${status}, or with another hash than its page says`);
        }
        bytes += body.length;
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await readUsage(server.pid);
  return { seconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds, bytes };
}
