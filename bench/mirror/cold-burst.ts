// Sixty-four clients ask at once for the same thing that is not cached yet.
import http from 'node:http';
import { crc32 } from 'node:zlib';
import { comparisonTable, type Comparison } from '../support/compare.ts';
import type { Mirror } from '../support/mirror-targets.ts';
import { mediaTypes, parseJsonPage } from '../support/page-cases.ts';
import { readUsage } from '../support/process-usage.ts';
import { say, takeTurns } from '../support/run.ts';
import { percentile, spreadOf } from '../support/statistics.ts';
import { burstProject, freshProject } from '../support/synthetic-index.ts';
import type { Table } from '../support/table.ts';
import {
  expectedFiles,
  isChosen,
  orWrong,
  pageUrl,
  type Bench,
  type Findings,
  type Outcomes,
  type Running,
} from './workload.ts';

const CLIENTS = 64;
const PAGE_FILES = 300;

interface Sample {
  readonly fetches: number;
  readonly wrong: number;
  readonly firstByteP50: number;
  readonly firstByteP99: number;
  readonly lastMs: number;
  readonly cpuSeconds: number;
}

const allWrong: Sample = {
  fetches: 0,
  wrong: CLIENTS,
  firstByteP50: 0,
  firstByteP99: 0,
  lastMs: 0,
  cpuSeconds: 0,
};

export async function compareColdBursts(bench: Bench, running: Running): Promise<Findings> {
  const kinds = [
    { description: `page of ${PAGE_FILES} files`, measure: burstPage },
    { description: 'file of 50 MB', measure: burstFile },
  ].filter(({ description }) => isChosen(`burst: ${description}`, bench.options));
  if (kinds.length === 0) return { tables: [], raw: {} };
  const mirrors = await running();
  const tables: Table[] = [];
  const raw: Record<string, unknown> = {};
  for (const { description, measure } of kinds) {
    say(`burst: ${description}`);
    let round = 0;
    const turns = await takeTurns(mirrors, bench.options, async (mirror) => {
      const sample = await orWrong(mirror.server.name, async () => measure(bench, mirror, round++));
      return 'unavailable' in sample ? allWrong : sample;
    });
    const outcomes = (figure: (sample: Sample) => number): Outcomes => {
      const found: Outcomes = new Map();
      for (const [{ server }, each] of turns.samples) {
        const { median: wrong } = spreadOf(each.map((sample) => sample.wrong));
        found.set(
          server.name,
          wrong > 0 ? { unavailable: `${wrong} of ${CLIENTS} wrong` } : { values: each.map(figure) },
        );
      }
      return found;
    };
    const rows: Comparison[] = [
      { description: 'upstream asked, times', outcomes: outcomes((each) => each.fetches) },
      { description: 'first byte, half of the clients, ms', outcomes: outcomes((each) => each.firstByteP50) },
      { description: 'first byte, 99 %, ms', outcomes: outcomes((each) => each.firstByteP99) },
      { description: 'last byte of all, ms', outcomes: outcomes((each) => each.lastMs) },
      { description: 'processor time, ms', outcomes: outcomes((each) => each.cpuSeconds * 1000) },
    ];
    tables.push(
      comparisonTable(rows, {
        title: `Cold burst: ${CLIENTS} clients, one uncached ${description} (less is better)`,
        targets: bench.targets,
        aims: {},
        lessIsBetter: true,
      }),
    );
    raw[`burst: ${description}`] = Object.fromEntries(
      turns.samples.entries().map(([{ server }, each]) => [server.name, each]),
    );
  }
  return { tables, raw };
}

async function burstPage({ upstream }: Bench, mirror: Mirror, round: number): Promise<Sample> {
  const project = freshProject(String(round), PAGE_FILES);
  const expected = expectedFiles(await upstream.project(project));
  return await burst(mirror, pageUrl(mirror, project), {
    accept: mediaTypes.json,
    collect: true,
    isRight: ({ status, body }) => {
      if (status !== 200) return false;
      const listed = parseJsonPage(body).files;
      return (
        listed.length === expected.size &&
        listed.every(({ filename, hashes }) => expected.get(filename) === hashes.sha256)
      );
    },
    fetches: async () => countOf(await upstream.counts(), (path) => path === `/simple/${project}/`),
    reset: async () => upstream.reset(),
  });
}

async function burstFile({ upstream }: Bench, mirror: Mirror, round: number): Promise<Sample> {
  const project = burstProject(String(round));
  const [file] = (await upstream.project(project)).files;
  const filename = file!.filename;
  const right = await upstream.checksum(project, filename);
  const url = await findFile(mirror, project, filename);
  return await burst(mirror, url, {
    accept: '*/*',
    collect: false,
    isRight: ({ status, checksum, size }) =>
      status === 200 && checksum === right.crc32 && size === right.size,
    fetches: async () => countOf(await upstream.counts(), (path) => path.endsWith(`/${filename}`)),
    reset: async () => upstream.reset(),
  });
}

async function findFile(mirror: Mirror, project: string, filename: string): Promise<string> {
  const url = pageUrl(mirror, project);
  const page = await request(url, { accept: mediaTypes.json, collect: true });
  if (page.status !== 200) throw new Error(`${url}: ${page.status}`);
  const body = page.body.toString();
  if (body.startsWith('{')) {
    return new URL(parseJsonPage(page.body).files.find((each) => each.filename === filename)!.url, page.url)
      .href;
  }
  return new URL(new RegExp(`href="([^"#]*/${RegExp.escape(filename)})`).exec(body)![1]!, page.url).href;
}

function countOf(counts: Readonly<Record<string, number>>, matches: (path: string) => boolean): number {
  return Object.entries(counts).reduce((sum, [path, count]) => sum + (matches(path) ? count : 0), 0);
}

interface Question {
  readonly accept: string;
  /** Keep the body; otherwise only its checksum. */
  readonly collect: boolean;
}

async function burst(
  { server }: Mirror,
  url: string,
  given: Question & {
    readonly isRight: (answer: Received) => boolean;
    readonly fetches: () => Promise<number>;
    readonly reset: () => Promise<void>;
  },
): Promise<Sample> {
  await given.reset();
  const before = await readUsage(server.pid);
  const startedAt = performance.now();
  const answers = await Promise.all(Array.from({ length: CLIENTS }, async () => request(url, given)));
  const lastMs = performance.now() - startedAt;
  const after = await readUsage(server.pid);
  const firstBytes = answers.map(({ firstByteMs }) => firstByteMs);
  return {
    fetches: await given.fetches(),
    wrong: answers.filter((answer) => !given.isRight(answer)).length,
    firstByteP50: percentile(firstBytes, 0.5),
    firstByteP99: percentile(firstBytes, 0.99),
    lastMs,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
  };
}

interface Received {
  /** 0: the connection broke. */
  readonly status: number;
  readonly url: string;
  readonly size: number;
  readonly checksum: number;
  readonly body: Buffer;
  /** Of the body, from the moment the request was sent. */
  readonly firstByteMs: number;
}

const REQUEST_LIMIT_MS = 60_000;

/** One client with a connection of its own, which follows redirects as installers do. */
async function request(url: string, question: Question, startedAt = performance.now()): Promise<Received> {
  const { promise, resolve } = Promise.withResolvers<Received | { readonly location: string }>();
  const nothing = { url, size: 0, checksum: 0, body: Buffer.alloc(0), firstByteMs: Number.POSITIVE_INFINITY };
  const sent = http.get(url, { agent: false, headers: { accept: question.accept } }, (response) => {
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (status >= 300 && status < 400 && location !== undefined) {
      response.resume();
      resolve({ location: new URL(location, url).href });
      return;
    }
    const chunks: Buffer[] = [];
    let [size, checksum, firstByteMs] = [0, 0, Number.POSITIVE_INFINITY];
    response.on('data', (chunk: Buffer) => {
      if (size === 0) firstByteMs = performance.now() - startedAt;
      size += chunk.length;
      if (question.collect) chunks.push(chunk);
      else checksum = crc32(chunk, checksum);
    });
    response.on('error', () => resolve({ ...nothing, status: 0 }));
    response.on('end', () => {
      resolve({ status, url, size, checksum, body: Buffer.concat(chunks), firstByteMs });
    });
  });
  sent.setTimeout(REQUEST_LIMIT_MS, () => sent.destroy(new Error('too late')));
  sent.on('error', () => resolve({ ...nothing, status: 0 }));
  const answer = await promise;
  return 'location' in answer ? await request(answer.location, question, startedAt) : answer;
}
