// The queue of the wheel farm: what leases and results cost, by how much is to do and by how many builders ask. See README.md.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import { BUILDER_PROTOCOL } from '../src/builds/contract.ts';
import { send } from './support/http.ts';
import { logIn, startWheelhouse, type Session } from './support/index-server.ts';
import { moveToLoadCore } from './support/machine.ts';
import { readOptions } from './support/options.ts';
import { readUsage } from './support/process-usage.ts';
import { makeWorkDirectory, publish, say, waitForTurn } from './support/run.ts';
import type { Server } from './support/server.ts';
import { formatNumber, percentile } from './support/statistics.ts';

const targetNames = ['sqlite', 'postgres'] as const;
const TARGETS = ['cp311-linux_x86_64', 'cp312-linux_x86_64', 'cp313-linux_x86_64'];
const BUILDERS = [1, 20, 200];
const LOG = 'a line of a compiler, as long as they are\n'.repeat(50);

const options = readOptions(process.argv.slice(2), targetNames);
/** Versions that want wheels of three targets each; `--full` has as many as all of PyPI. */
const sizes = options.quick ? [10_000] : [10_000, 1_000_000, ...(options.full ? [8_000_000] : [])];
const seconds = options.quick ? 2 : Math.max(10, options.seconds);

interface Sample {
  readonly results: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly leaseMs: readonly number[];
}

async function main(): Promise<void> {
  await moveToLoadCore();
  const directory = await makeWorkDirectory();
  const rows: string[][] = [];
  for (const name of targetNames.filter((each) => options.targets.includes(each))) {
    await using database = await makeDatabase(name, join(directory, name));
    await using server = await startWheelhouse(join(directory, name), {
      WHEELHOUSE_OFFLINE: 'yes',
      ...database.env,
    });
    const session = await logIn(server, 'root', '');
    let filled = 0;
    for (const size of sizes) {
      say(`${name}: ${formatNumber(size)} versions`);
      await database.fill(filled, size);
      filled = size;
      for (const builders of BUILDERS) {
        await waitForTurn(options);
        const sample = await measure(server, session, builders);
        const { results, cpuSeconds, leaseMs } = sample;
        rows.push([
          `${name}, ${formatNumber(size)} versions, ${builders} builders`,
          formatNumber((results / sample.seconds) * 60),
          formatNumber((results / cpuSeconds) * 60),
          formatNumber(percentile(leaseMs, 0.5)),
          formatNumber(percentile(leaseMs, 0.99)),
        ]);
      }
    }
  }
  const table = {
    title: 'Leases and results of the wheel farm',
    columns: [
      'database, queue, builders',
      'results/min',
      'results per CPU minute',
      'lease ms p50',
      'lease ms p99',
    ],
    rows,
    notes: [
      'a result is a lease, a heartbeat, 2 kB of log and a recorded failure, each a request of its own',
    ],
  };
  await publish({ tables: [table], servers: [], raw: { rows } }, options);
}

/** Builders that do nothing but talk, each as fast as it is answered. */
async function measure(server: Server, session: Session, builders: number): Promise<Sample> {
  const before = await readUsage(server.pid);
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  const leaseMs: number[] = [];
  let results = 0;
  await Promise.all(
    Array.from({ length: builders }, async (_none, number) => {
      const name = `bench-${Math.round(startedAt)}-${number}`;
      const own = name;
      await ask('/+builders', {
        name,
        session: own,
        version: '0',
        protocol: BUILDER_PROTOCOL,
        targets: TARGETS,
      });
      while (performance.now() < until) {
        const askedAt = performance.now();
        const { lease } = (await ask(`/+builders/${name}/lease`, { session: own })) as {
          lease: { build: number } | null;
        };
        leaseMs.push(performance.now() - askedAt);
        // Others were faster, again and again.
        if (lease === null) continue;
        await ask(`/+builds/${lease.build}/heartbeat`);
        await ask(`/+builds/${lease.build}/log`, { position: 0, text: LOG });
        const failed = { state: 'failed', failure: 'build-fails', detail: 'x', retryAfterSeconds: null };
        await ask(`/+builds/${lease.build}/result`, { ...failed, seconds: 1, record: {} });
        results += 1;
      }
    }),
  );
  const after = await readUsage(server.pid);
  if (results === 0) throw new Error('the queue is empty');
  return {
    results,
    seconds: (performance.now() - startedAt) / 1000,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    leaseMs,
  };

  async function ask(path: string, body?: unknown): Promise<unknown> {
    const headers = { ...session, 'content-type': 'application/json', accept: 'application/json' };
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await send(server.url + path, { method: 'POST', headers, ...json });
    if (answer.status !== 200)
      throw new Error(`${path} answered ${answer.status}: ${answer.body.toString()}`);
    return JSON.parse(answer.body.toString()) as unknown;
  }
}

interface Database extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
  /** Has so many versions wanted, those before `from` are there. */
  fill(from: number, to: number): Promise<void>;
}

/** Columns of the queue, of the version `i` for the target `t`; each is of a project of its own, since the server looks at projects as a whole. */
const COLUMNS =
  'index_id, project, version, target, sdist, sdist_sha256, sdist_path, sdist_uploaded_at, rank, released_at, is_alone, not_before';
const VALUES = `(select id from package_index where user_name = 'root' and name = 'pypi'),
  'project-' || i, '1.0', t, 'project-1.tar.gz', null, '/root/pypi/+f/x',
  null, 2, 1600000000000 + (i * 7919) % 100000000, 1, 0`;
const TARGET_ROWS = `(${TARGETS.map((target) => `select '${target}' as t`).join(' union all ')}) as targets`;

async function makeDatabase(name: (typeof targetNames)[number], directory: string): Promise<Database> {
  if (name === 'sqlite') {
    return {
      env: {},
      async fill(from, to) {
        const db = new DatabaseSync(join(directory, 'server', 'wheelhouse.sqlite'), { timeout: 60_000 });
        db.exec(`with recursive numbers(i) as (select ${from} union all select i + 1 from numbers where i + 1 < ${to})
          insert into build_need (${COLUMNS}) select ${VALUES} from numbers, ${TARGET_ROWS}`);
        db.exec('analyze build_need');
        db.close();
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const url = new URL(process.env['BENCH_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/postgres');
  const database = `wheelhouse_bench_${process.pid}`;
  const administer = async (statement: string, at = url.href) => {
    const client = new Client(at);
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await administer(`create database ${database}`);
  const own = new URL(url.href);
  own.pathname = `/${database}`;
  return {
    env: { WHEELHOUSE_DATABASE: own.href },
    async fill(from, to) {
      await administer(
        `insert into build_need (${COLUMNS}) select ${VALUES} from generate_series(${from}::bigint, ${to - 1}::bigint) as i, ${TARGET_ROWS}`,
        own.href,
      );
      await administer('analyze build_need', own.href);
    },
    [Symbol.asyncDispose]: () => administer(`drop database ${database} with (force)`),
  };
}

await main();
