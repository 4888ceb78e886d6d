// A hundred releases are pushed from one index to another, beside devpi-server. See README.md.
import { join } from 'node:path';
import { comparisonTable } from './support/compare.ts';
import { makeWheel } from './support/corpus.ts';
import { excerpt, send } from './support/http.ts';
import {
  createUser,
  indexServerNames,
  putIndex,
  startIndexServer,
  upload,
  uploadBody,
  type IndexServerName,
  type Session,
} from './support/index-server.ts';
import { moveToLoadCore } from './support/machine.ts';
import { readOptions } from './support/options.ts';
import { readUsage } from './support/process-usage.ts';
import { makeWorkDirectory, publish, say, takeTurns } from './support/run.ts';
import type { Server } from './support/server.ts';

const options = readOptions(process.argv.slice(2), indexServerNames);
const releases = options.quick ? 10 : 100;
const project = 'bench-push';
const wheelBytes = 100_000;

interface Target {
  readonly server: Server;
  readonly session: Session;
  pushes: number;
}

interface Sample {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

async function main(): Promise<void> {
  await moveToLoadCore();
  const directory = await makeWorkDirectory();
  await using servers = new AsyncDisposableStack();
  const targets: Target[] = [];
  for (const name of options.targets as IndexServerName[]) {
    const server = servers.use(await startIndexServer(name, join(directory, name)));
    const session = await createUser(server);
    say(`fill ${name}`);
    const index = { url: await putIndex(server, session, 'dev', { bases: [] }), headers: session };
    for (let number = 0; number < releases; number += 1) {
      const wheel = makeWheel({ project, version: `1.${number}`, payloadBytes: wheelBytes });
      await upload(index, uploadBody(wheel));
    }
    targets.push({ server, session, pushes: 0 });
  }
  say(`push ${releases} releases`);
  const { samples } = await takeTurns(targets, options, push);
  const table = (title: string, figure: (sample: Sample) => number) => {
    const values = [...samples].map(
      ([{ server }, each]) => [server.name, { values: each.map(figure) }] as const,
    );
    const comparison = { description: `${releases} releases`, outcomes: new Map(values) };
    return comparisonTable([comparison], { title, targets: options.targets, aims: {}, lessIsBetter: true });
  };
  await publish(
    {
      tables: [
        table(
          `Pushing releases of one wheel of ${wheelBytes / 1000} kB, seconds of processor time`,
          (each) => each.cpuSeconds,
        ),
        table('The same, seconds until the last answer', (each) => each.seconds),
      ],
      servers: targets.map(({ server }) => server),
      raw: { samples: [...samples].map(([{ server }, each]) => [server.name, each]) },
    },
    options,
  );
}

/** One after the other, as a script does that promotes what was tested, each time to a new index. */
async function push(target: Target): Promise<Sample> {
  const { server, session } = target;
  const name = `prod${(target.pushes += 1)}`;
  const url = await putIndex(server, session, name, { bases: [] });
  const headers = { ...session, accept: 'application/json', 'content-type': 'application/json' };
  const before = await readUsage(server.pid);
  const startedAt = performance.now();
  for (let number = 0; number < releases; number += 1) {
    const body = JSON.stringify({ name: project, version: `1.${number}`, targetindex: `bench/${name}` });
    const answer = await send(`${server.url}/bench/dev`, { method: 'POST', headers, body });
    if (answer.status !== 200) throw new Error(`push: ${answer.status} ${excerpt(answer.body)}`);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await readUsage(server.pid);
  const page = await send(`${url}/+simple/${project}/`, { headers: session });
  const found = new Set(page.body.toString().match(/bench_push-1\.[0-9]+-/g)).size;
  if (found !== releases) throw new Error(`${server.name} shows ${found} releases instead of ${releases}`);
  return { seconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds };
}

await main();
