// Pages for browsers beside devpi-web, and the search over many projects. See README.md.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { wheel, wheelFilename } from '#test/archives.ts';
import { gramsOf } from '../src/packages/search-entries/grams.ts';
import { comparisonTable, type Comparison, type Outcome } from './support/compare.ts';
import { requiresPython, type Wheel } from './support/corpus.ts';
import { send } from './support/http.ts';
import {
  createUser,
  fillProject,
  putIndex,
  startDevpiWeb,
  startIndexServer,
  upload,
  uploadBody,
  type Session,
} from './support/index-server.ts';
import { moveToLoadCore } from './support/machine.ts';
import { readOptions } from './support/options.ts';
import { readUsage } from './support/process-usage.ts';
import { makeWorkDirectory, publish, say, takeTurns } from './support/run.ts';
import { nameOf, queriesOf, summaryOf } from './support/searched-projects.ts';
import type { Server } from './support/server.ts';
import { percentile } from './support/statistics.ts';

/** `reader` is Wheelhouse asked by who is logged in: nothing is kept for them, every page is made. */
const targetNames = ['wheelhouse', 'reader', 'devpi-web'] as const;
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const PROJECTS = 200;
const LARGE_FILES = 4000;
/** devpi-server rewrites a project's list with every upload; 4,000 of them take it twenty minutes. */
const LARGE_FILES_OF_DEVPI = 300;
const MIRRORED = 600_000;
const SEARCHED = 100_000;
const aims = { 'devpi-web': 1 / 20 };

const options = readOptions(process.argv.slice(2), targetNames);
const sent = options.quick ? 10 : 60;

interface Target {
  readonly server: Server;
  readonly name: string;
  readonly headers: Session;
}

interface Sample {
  readonly clockMs: number;
  readonly cpuMs: number;
}

async function main(): Promise<void> {
  await moveToLoadCore();
  const directory = await makeWorkDirectory();
  await using upstream = await startNames(MIRRORED);
  await using servers = new AsyncDisposableStack();
  const targets: Target[] = [];
  if (options.targets.some((name) => name !== 'devpi-web')) {
    const own = await prepareWheelhouse(join(directory, 'wheelhouse'), upstream.url);
    servers.use(own.server);
    targets.push({ server: own.server, name: 'wheelhouse', headers: {} });
    targets.push({ server: own.server, name: 'reader', headers: own.session });
  }
  if (options.targets.includes('devpi-web')) {
    const server = await startDevpiWeb(join(directory, 'devpi'));
    servers.use(server);
    await fill(server, await createUser(server), { large: LARGE_FILES_OF_DEVPI, bases: [] });
    await waitForSearch(server);
    targets.push({ server, name: 'devpi-web', headers: {} });
  }
  const chosen = targets.filter(({ name }) => options.targets.includes(name));

  const clock: Comparison[] = [];
  const cpu: Comparison[] = [];
  const sizes: string[][] = [];
  const raw: Record<string, unknown>[] = [];
  for (const [description, path] of Object.entries(pages)) {
    if (options.only?.test(description) === false) continue;
    say(description);
    const able = chosen.filter((target) => path(target.name) !== undefined);
    const { samples } = await takeTurns(able, options, (target) => ask(target, path(target.name) ?? '/'));
    const outcome = (key: keyof Sample) =>
      new Map<string, Outcome>(
        [...samples].map(([target, each]) => [target.name, { values: each.map((sample) => sample[key]) }]),
      );
    clock.push({ description, outcomes: outcome('clockMs') });
    cpu.push({ description, outcomes: outcome('cpuMs') });
    const bytes = await Promise.all(
      chosen.map(async (target) => String((await get(target, path(target.name) ?? '/')).body.length)),
    );
    sizes.push([description, ...bytes]);
    raw.push({ description, samples: [...samples].map(([target, each]) => [target.name, each]) });
  }
  const searched = await measureSearch(chosen.find(({ name }) => name === 'reader'));
  await publish(
    {
      tables: [
        comparisonTable(clock, {
          title: 'Pages: ms until the whole answer, one after the other',
          targets: options.targets,
          aims,
          lessIsBetter: true,
        }),
        comparisonTable(cpu, {
          title: 'Pages: ms of processor time of the server',
          targets: options.targets,
          aims,
          lessIsBetter: true,
        }),
        {
          title: 'Pages: bytes sent to a browser that takes gzip',
          columns: ['', ...chosen.map(({ name }) => name)],
          rows: sizes,
          notes: [],
        },
        ...searched,
      ],
      servers: [...new Set(chosen.map(({ server }) => server))],
      raw: { samples: raw },
    },
    options,
  );
}

type Paths = (target: string) => string | undefined;

const pages: Readonly<Record<string, Paths>> = {
  home: () => '/',
  [`index of ${PROJECTS} projects`]: () => '/bench/index',
  'index above 600,000 mirrored names': (target) => (target === 'devpi-web' ? undefined : '/bench/above'),
  [`project of ${LARGE_FILES_OF_DEVPI} files`]: () => '/bench/index/large-300',
  [`project of ${LARGE_FILES} files`]: (target) =>
    target === 'devpi-web' ? undefined : '/bench/index/large-4000',
  'release with a README of 20 kB': () => '/bench/index/readme/1.0',
  search: (target) => (target === 'devpi-web' ? '/+search?query=project-7' : '/+search?q=project-7'),
};

async function get({ server, headers }: Target, path: string) {
  return await send(server.url + path, {
    headers: { ...headers, accept: BROWSER, 'accept-encoding': 'gzip', 'user-agent': 'Mozilla/5.0' },
  });
}

async function ask(target: Target, path: string): Promise<Sample> {
  const before = await readUsage(target.server.pid);
  const startedAt = performance.now();
  for (let count = 0; count < sent; count += 1) {
    const { status } = await get(target, path);
    if (status !== 200) throw new Error(`${target.name}: ${path} answers ${status}`);
  }
  const clockMs = (performance.now() - startedAt) / sent;
  const after = await readUsage(target.server.pid);
  return { clockMs, cpuMs: ((after.cpuSeconds - before.cpuSeconds) * 1000) / sent };
}

async function prepareWheelhouse(
  directory: string,
  upstreamUrl: string,
): Promise<{ readonly server: Server; readonly session: Session }> {
  {
    await using server = await startIndexServer('wheelhouse', directory);
    const session = await createUser(server);
    const mirror = { type: 'mirror', mirror_url: `${upstreamUrl}/simple/`, volatile: true };
    await putIndex(server, session, 'mirror', mirror);
    await putIndex(server, session, 'many', { bases: [] });
    await fill(server, session, { large: LARGE_FILES_OF_DEVPI, bases: [] });
    await fillProject(indexOf(server, session), 'large-4000', {
      files: options.quick ? 40 : LARGE_FILES,
      parallel: 8,
    });
    await putIndex(server, session, 'above', { bases: ['bench/index', 'bench/mirror'] });
    say(`  list of ${MIRRORED} names`);
    await send(`${server.url}/bench/mirror/+simple/`, { headers: { accept: 'text/html' } });
  }
  insertEntries(join(directory, 'server', 'wheelhouse.sqlite'), SEARCHED);
  const server = await startIndexServer('wheelhouse', directory);
  const login = await send(`${server.url}/+login`, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'bench', password: 'a long benchmark password' }),
  });
  const { result } = JSON.parse(login.body.toString()) as { result: { password: string } };
  const session = { 'x-devpi-auth': Buffer.from(`bench:${result.password}`).toString('base64') };
  return { server, session };
}

function indexOf(server: Server, headers: Session) {
  return { url: `${server.url}/bench/index`, headers };
}

/** What both hold: many small projects, one with many files, and one with a README. */
async function fill(
  server: Server,
  session: Session,
  { large, bases }: { readonly large: number; readonly bases: readonly string[] },
): Promise<void> {
  say(`fill ${server.name}`);
  await putIndex(server, session, 'index', { volatile: true, bases });
  const index = indexOf(server, session);
  for (let number = 0; number < PROJECTS; number += 1) {
    await upload(index, uploadBody(described(`project-${number}`, 'Text of a few words.')));
  }
  await upload(index, uploadBody(described('readme', README)));
  await fillProject(index, 'large-300', { files: large, parallel: 1 });
}

function described(project: string, description: string): Wheel {
  const version = '1.0';
  const bytes = wheel({
    name: project,
    version,
    metadata: {
      Summary: `made for a benchmark of ${project}`,
      'Requires-Python': requiresPython,
      'Description-Content-Type': 'text/markdown',
    },
    description,
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    project,
    version,
    pythonTag: 'py3',
    filename: wheelFilename({ name: project, version }),
    bytes,
    sha256,
  };
}

const README = Array.from(
  { length: 24 },
  (_each, at) =>
    `## Chapter ${at}\n\nSome *words* about [a link](https://example.org/${at}), \`code\` and more words that fill a line of text.\n\n` +
    `| name | value |\n| --- | ---: |\n${Array.from({ length: 8 }, (_row, row) => `| row ${row} | ${row * at} |\n`).join('')}\n` +
    `\`\`\`python\ndef chapter_${at}(first, second):\n    return [first + second for _ in range(${at})]\n\`\`\`\n\n` +
    '- one\n- two\n  - three\n\n> A quotation of somebody.\n\n',
).join('');

/** devpi-web puts what is uploaded into its search index behind the answer. */
async function waitForSearch(server: Server): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const answer = await send(`${server.url}/+search?query=project-${PROJECTS - 1}`, {
      headers: { accept: BROWSER },
    });
    if (answer.body.includes(`project-${PROJECTS - 1}/`) || answer.body.includes(`project-${PROJECTS - 1}"`))
      return;
    await sleep(200);
  }
  say('  devpi-web has not finished its search index; its figure is for what it has');
}

/** Straight into the tables, as uploads would write them. */
function insertEntries(path: string, count: number): void {
  say(`  ${count} projects for the search`);
  const database = new DatabaseSync(path);
  const { id: index } = database.prepare("select id from package_index where name = 'many'").get() as {
    id: number;
  };
  const { last } = database.prepare('select max(id) as last from project').get() as { last: number };
  const project = database.prepare(
    'insert into project (id, index_id, name, display_name) values (?, ?, ?, ?)',
  );
  const entry = database.prepare(
    "insert into search_entry (project_id, index_id, name, version, summary, changed_at, grams) values (?, ?, ?, '1.0', ?, 0, ?)",
  );
  database.exec('pragma synchronous = off; begin');
  for (let number = 1; number <= count; number += 1) {
    const [name, summary] = [nameOf(number), summaryOf(number)];
    project.run(last + number, index, name, name);
    entry.run(last + number, index, name, summary, gramsOf(name, summary));
  }
  database.exec('commit');
  database.close();
}

/** Each query is another one, asked by who is logged in, so that no answer is kept. */
async function measureSearch(target: Target | undefined) {
  if (target === undefined || options.only?.test('search') === false) return [];
  say(`search over ${SEARCHED} projects and ${MIRRORED} mirrored names`);
  const times: number[] = [];
  for (const [position, query] of queriesOf(options.quick ? 50 : 400, SEARCHED).entries()) {
    const startedAt = performance.now();
    const { status } = await get(target, `/+search?q=${encodeURIComponent(query)}`);
    if (status !== 200) throw new Error(`search for ${query} answers ${status}`);
    if (position >= 10) times.push(performance.now() - startedAt);
  }
  const row = [0.5, 0.95, 0.99].map((share) => percentile(times, share).toFixed(1));
  return [
    {
      title: `Search page over ${SEARCHED} own projects and ${MIRRORED} mirrored names, ms`,
      columns: ['', 'median', '95 %', '99 %'],
      rows: [['another query each time', ...row]],
      notes: ['aim: 50 ms at the 95th percentile over 100,000 projects'],
    },
  ];
}

/** An upstream that has a list of so many names, and no project. */
async function startNames(count: number): Promise<AsyncDisposable & { readonly url: string }> {
  const projects = Array.from({ length: count }, (_each, at) => ({ name: `mirrored-${nameOf(at + 1)}` }));
  const body = JSON.stringify({ meta: { 'api-version': '1.1' }, projects });
  const server = createServer((request, response) => {
    const isList = request.url === '/simple/';
    response
      .writeHead(isList ? 200 : 404, { 'content-type': 'application/vnd.pypi.simple.v1+json' })
      .end(isList ? body : '{}');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

await main();
