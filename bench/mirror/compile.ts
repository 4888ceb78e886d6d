// `uv pip compile` of requirements that need two hundred packages, with an empty cache of uv's own each time.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clientPath, executablePath } from '#test/clients.ts';
import { runCommand } from '#test/run-command.ts';
import { comparisonTable, type Comparison } from '../support/compare.ts';
import type { Mirror, MirrorTargetName } from '../support/mirror-targets.ts';
import { readUsage } from '../support/process-usage.ts';
import { say, waitForTurn } from '../support/run.ts';
import type { Resolution } from '../support/synthetic-index.ts';
import { isChosen, orWrong, WrongAnswer, type Bench, type Findings, type Outcomes } from './workload.ts';

const ROUNDS = 5;
/** A resolve that takes longer is of no use to anybody. */
const LIMIT_MS = 120_000;

interface Sample {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

type State = 'cold' | 'warm';

/** Each round: every target is started with nothing cached and asked twice; the first round is thrown away. */
export async function compareCompiles(bench: Bench): Promise<Findings> {
  const { options, targets, upstream } = bench;
  if (!isChosen('uv pip compile', options)) return { tables: [], raw: {} };
  const rounds = options.quick ? 1 : ROUNDS;
  const requirementsPath = join(bench.directory, 'requirements.in');
  await writeFile(requirementsPath, `${upstream.resolution.requirements.join('\n')}\n`);
  const samples = new Map<string, Sample[]>();
  const wrong = new Map<string, { readonly unavailable: string }>();
  const columns = [...targets, 'direct'];
  const resolve = async (url: string, pid?: number) => {
    await waitForTurn(options);
    return await compile({
      url,
      requirementsPath,
      directory: bench.directory,
      resolution: upstream.resolution,
      pid,
    });
  };
  for (let round = 0; round <= rounds; round++) {
    say(`uv pip compile: round ${round} of ${rounds}`);
    const keep = (name: string, state: State, sample: Sample) => {
      if (round > 0) samples.getOrInsert(`${name} ${state}`, []).push(sample);
    };
    for (const name of targets.filter((each) => !wrong.has(each))) {
      const mirror: Mirror = await bench.start(name as MirrorTargetName);
      await using _server = mirror.server;
      const url = mirror.server.url + mirror.path;
      for (const state of ['cold', 'warm'] as const) {
        const sample = await orWrong(`${name}, ${state}`, async () => resolve(url, mirror.server.pid));
        if ('unavailable' in sample) {
          wrong.set(name, sample);
          break;
        }
        keep(name, state, sample);
      }
    }
    keep('direct', 'cold', await resolve(`${upstream.url}/simple/`));
  }
  const row = (description: string, state: State, figure: (sample: Sample) => number): Comparison => {
    const outcomes: Outcomes = new Map();
    for (const name of columns) {
      const found = samples.get(`${name} ${name === 'direct' ? 'cold' : state}`);
      outcomes.set(name, wrong.get(name) ?? { values: (found ?? []).map(figure) });
    }
    return { description, outcomes };
  };
  return {
    tables: [
      comparisonTable([row('warm server, ms', 'warm', ({ seconds }) => seconds * 1000)], {
        title: `uv pip compile of ${Object.keys(upstream.resolution.pins).length} packages, empty uv cache (less is better)`,
        targets: columns,
        aims: { nginx: 1.1 },
        lessIsBetter: true,
      }),
      comparisonTable([row('cold server, ms', 'cold', ({ seconds }) => seconds * 1000)], {
        title: 'The same with a cold server (less is better)',
        targets: columns,
        aims: Object.fromEntries(targets.filter((name) => name !== 'nginx').map((name) => [name, 1])),
        lessIsBetter: true,
      }),
      comparisonTable(
        [
          row('warm server', 'warm', ({ cpuSeconds }) => cpuSeconds * 1000),
          row('cold server', 'cold', ({ cpuSeconds }) => cpuSeconds * 1000),
        ],
        {
          title: "uv pip compile: the server's processor time, ms (less is better)",
          targets,
          aims: {},
          lessIsBetter: true,
        },
      ),
    ],
    raw: { compile: Object.fromEntries(samples) },
  };
}

async function compile(given: {
  readonly url: string;
  readonly requirementsPath: string;
  readonly directory: string;
  readonly resolution: Resolution;
  readonly pid: number | undefined;
}): Promise<Sample> {
  const cache = await mkdtemp(join(given.directory, 'uv-'));
  const before = given.pid === undefined ? undefined : await readUsage(given.pid);
  const startedAt = performance.now();
  const argv = [
    clientPath('uv'),
    'pip',
    'compile',
    '--quiet',
    '--no-config',
    '--no-header',
    '--no-annotate',
    '--python',
    executablePath('uv', 'python'),
    '--cache-dir',
    cache,
    '--index-url',
    given.url,
    given.requirementsPath,
  ];
  const result = await runCommand(argv, { timeoutMs: LIMIT_MS }).catch((error: unknown) => {
    if (!/timed out/i.test(String(error))) throw error;
    throw new WrongAnswer('uv had no result', `over ${LIMIT_MS / 1000} s`);
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const after = given.pid === undefined ? undefined : await readUsage(given.pid);
  await rm(cache, { recursive: true, force: true });
  if (result.exitCode !== 0) throw new WrongAnswer(`uv: ${result.stderr.trim().slice(0, 400)}`);
  checkPins(result.stdout, given.resolution);
  return { seconds, cpuSeconds: (after?.cpuSeconds ?? 0) - (before?.cpuSeconds ?? 0) };
}

function checkPins(output: string, { pins }: Resolution): void {
  const found = Object.fromEntries(
    output
      .trim()
      .split('\n')
      .map((line) => line.split('==') as [string, string]),
  );
  const different = Object.keys({ ...pins, ...found }).filter((name) => pins[name] !== found[name]);
  if (different.length > 0) {
    throw new WrongAnswer(`${different.length} packages resolve to other versions, such as ${different[0]}`);
  }
}
