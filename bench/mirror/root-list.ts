// The list of all projects of an upstream as large as PyPI: the first request of a new server, then again and again.
import { comparisonTable, type Comparison } from '../support/compare.ts';
import { decode, send, type Encoding } from '../support/http.ts';
import { measureLoad, requestsPerCpuSecond, writeLoadScript } from '../support/load.ts';
import type { Mirror } from '../support/mirror-targets.ts';
import { mediaTypes } from '../support/page-cases.ts';
import { readUsage } from '../support/process-usage.ts';
import { say, takeTurns } from '../support/run.ts';
import { isChosen, orWrong, WrongAnswer, type Bench, type Findings, type Outcomes } from './workload.ts';

const CONNECTIONS = 4;
const headers = { accept: mediaTypes.json, 'accept-encoding': 'gzip' };

export async function compareRootLists(bench: Bench): Promise<Findings> {
  const { options, targets, upstream } = bench;
  if (!isChosen('root list', options)) return { tables: [], raw: {} };
  const expected = await readNames(`${upstream.url}/simple/`);
  say(`root list: ${expected.size} names`);
  const scriptPath = await writeLoadScript(bench.directory);
  const figures = ['first', 'cpu', 'again', 'memory'] as const;
  const outcomes = Object.fromEntries(figures.map((name) => [name, new Map() as Outcomes])) as Record<
    (typeof figures)[number],
    Outcomes
  >;
  await using servers = new AsyncDisposableStack();
  const ready = [];
  for (const name of targets) {
    if (name === 'pypiserver') {
      for (const each of figures) outcomes[each].set(name, { unavailable: 'own files only' });
      continue;
    }
    const samples = [];
    let mirror: Mirror | undefined;
    for (let round = 0; round < options.rounds; round++) {
      await mirror?.server[Symbol.asyncDispose]();
      const started = await bench.start(name);
      mirror = started;
      const sample = await orWrong(name, async () => measureFirst(started, expected));
      samples.push(sample);
      if ('unavailable' in sample) break;
    }
    servers.use(mirror!.server);
    const wrong = samples.find((each) => 'unavailable' in each);
    if (wrong !== undefined) {
      for (const each of figures) outcomes[each].set(name, wrong);
      continue;
    }
    const right = samples.flatMap((each) => ('unavailable' in each ? [] : [each]));
    outcomes.first.set(name, { values: right.map(({ seconds }) => seconds * 1000) });
    outcomes.cpu.set(name, { values: right.map(({ cpuSeconds }) => cpuSeconds * 1000) });
    ready.push({ server: mirror!.server, path: mirror!.path });
  }
  const turns = await takeTurns(ready, options, async ({ server, path }) =>
    measureLoad(
      server,
      { path, headers },
      { seconds: options.seconds, connections: CONNECTIONS, scriptPath },
    ),
  );
  for (const [{ server }, samples] of turns.samples) {
    outcomes.again.set(server.name, requestsPerCpuSecond(samples));
    outcomes.memory.set(server.name, { values: [(await readUsage(server.pid)).rssMb] });
  }
  const row = (description: string, name: (typeof figures)[number]): Comparison => ({
    description,
    outcomes: outcomes[name],
  });
  return {
    tables: [
      comparisonTable([row('again and again, requests per CPU second', 'again')], {
        title: `Root list of ${expected.size} names, JSON, gzip`,
        targets,
        aims: { peryx: 1, devpi: 20 },
      }),
      comparisonTable(
        [
          row('first answer of a new server, ms', 'first'),
          row('processor time of the first answer, ms', 'cpu'),
          row('memory afterwards, MB', 'memory'),
        ],
        { title: 'Root list, costs (less is better)', targets, aims: {}, lessIsBetter: true },
      ),
    ],
    raw: {},
  };
}

async function measureFirst(
  { server, path }: Mirror,
  expected: ReadonlySet<string>,
): Promise<{ seconds: number; cpuSeconds: number }> {
  const before = await readUsage(server.pid);
  const startedAt = performance.now();
  const answer = await send(server.url + path, { headers });
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await readUsage(server.pid);
  if (answer.status !== 200) throw new WrongAnswer(`the list answers ${answer.status}`);
  const coding = (answer.headers['content-encoding'] ?? 'identity') as Encoding;
  const names = parseNames(await decode(answer.body, coding));
  if (names.size !== expected.size || !names.isSupersetOf(expected)) {
    throw new WrongAnswer(`the list has ${names.size} names, not the ${expected.size} of upstream`);
  }
  return { seconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds };
}

async function readNames(url: string): Promise<Set<string>> {
  return parseNames((await send(url, { headers: { accept: mediaTypes.json } })).body);
}

function parseNames(body: Buffer): Set<string> {
  const { projects } = JSON.parse(body.toString()) as { readonly projects: readonly { name: string }[] };
  return new Set(projects.map(({ name }) => name));
}
