// Search over many projects, beside devpi-web: how long until they are found, and how long an answer takes. See README.md.
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientPathIn } from '#test/clients.ts';
import { writeDump } from '#test/dumps.ts';
import { runChecked } from '#test/run-command.ts';
import { launcher } from '#test/server.ts';
import { send } from './support/http.ts';
import { startWheelhouse } from './support/index-server.ts';
import { moveToLoadCore } from './support/machine.ts';
import { readOptions } from './support/options.ts';
import { readUsage } from './support/process-usage.ts';
import { makeWorkDirectory, publish, say } from './support/run.ts';
import { nameOf, queriesOf, summaryOf } from './support/searched-projects.ts';
import { findFreePort, startServer, type Server } from './support/server.ts';
import { formatNumber, percentile } from './support/statistics.ts';

const targets = ['wheelhouse', 'devpi-web'] as const;
const options = readOptions(process.argv.slice(2), targets);
const projects = options.quick ? 2000 : 100_000;
const queries = options.quick ? 60 : 400;
const IMPORT_MS = 3_600_000;

async function main(): Promise<void> {
  await moveToLoadCore();
  const directory = await makeWorkDirectory();
  const dump = await writeDump(join(directory, 'dump'), {
    users: { root: {}, bench: {} },
    indexes: { 'bench/many': { indexconfig: { type: 'stage', bases: [] }, projects: allProjects() } },
  });
  const rows: string[][] = [];
  const servers: Server[] = [];
  for (const name of targets.filter((each) => options.targets.includes(each))) {
    say(`${name}: import ${projects} projects`);
    const startedAt = performance.now();
    await using server = await start[name](join(directory, name), dump);
    const path = name === 'wheelhouse' ? '/+search?q=' : '/+search?query=';
    await waitUntilFound(server, path);
    const seconds = (performance.now() - startedAt) / 1000;
    say(`${name}: search`);
    const { times, cpuMs } = await ask(server, path);
    const shares = [0.5, 0.95].map((share) => percentile(times, share));
    rows.push([name, ...[...shares, cpuMs, seconds].map(formatNumber)]);
    servers.push(server);
  }
  const title = `Search page over ${projects} projects, another query each time`;
  const columns = ['', 'median, ms', '95 %, ms', 'CPU ms a query', 'seconds until all are found'];
  await publish({ tables: [{ title, columns, rows, notes: [] }], servers, raw: { rows } }, options);
}

function allProjects(): Record<string, object> {
  const numbers = Array.from({ length: projects }, (_each, at) => at + 1);
  const releases = numbers.map((number) => {
    const name = nameOf(number);
    return [name, { '1.0': { name, version: '1.0', summary: summaryOf(number) } }];
  });
  return Object.fromEntries(releases) as Record<string, object>;
}

/** Each imports the dump by its own program, and serves it. */
const start = {
  async wheelhouse(directory: string, dump: string): Promise<Server> {
    const state = ['--serverdir', join(directory, 'server')];
    await runChecked([launcher, 'import', dump, ...state], { timeoutMs: IMPORT_MS });
    return await startWheelhouse(directory);
  },
  async 'devpi-web'(directory: string, dump: string): Promise<Server> {
    const program = clientPathIn('devpi-web', 'devpi-server');
    const state = ['--serverdir', join(directory, 'server')];
    const importing = [join(dirname(program), 'devpi-import'), ...state, '--no-root-pypi', dump];
    await runChecked(importing, { timeoutMs: IMPORT_MS });
    const port = await findFreePort();
    return await startServer({
      name: 'devpi-web',
      version: (await runChecked([program, '--version'])).stdout.trim(),
      port,
      directory,
      argv: [program, ...state, '--host', '127.0.0.1', '--port', String(port), '--offline-mode'],
      readyPath: '/+api',
    });
  },
} satisfies Record<(typeof targets)[number], (directory: string, dump: string) => Promise<Server>>;

/** devpi-web fills its index behind the import; projects come in any order, so some of all parts are looked for. */
async function waitUntilFound(server: Server, path: string): Promise<void> {
  const looked = [0, 0.25, 0.5, 0.75, 1].map((part) => nameOf(1 + Math.floor(part * (projects - 1))));
  for (const name of looked) {
    for (let isFound = false; !isFound;) {
      const { body } = await search(server, `${path}${name}`);
      isFound = body.includes(`/bench/many/${name}`);
      if (!isFound) await sleep(500);
    }
  }
}

async function ask(server: Server, path: string) {
  const times: number[] = [];
  const all = queriesOf(queries, projects);
  for (const query of all.slice(0, 10)) await search(server, path + encodeURIComponent(query));
  const before = await readUsage(server.pid);
  for (const query of all) {
    const startedAt = performance.now();
    await search(server, path + encodeURIComponent(query));
    times.push(performance.now() - startedAt);
  }
  const after = await readUsage(server.pid);
  return { times, cpuMs: ((after.cpuSeconds - before.cpuSeconds) * 1000) / all.length };
}

async function search(server: Server, path: string) {
  const answer = await send(server.url + path, {
    headers: { accept: 'text/html', 'user-agent': 'Mozilla/5.0' },
  });
  if (answer.status !== 200) throw new Error(`${server.name}: ${path} answers ${answer.status}`);
  return answer;
}

await main();
