// Hot project pages and file downloads per CPU second, beside nginx and devpi-server. See README.md.
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { comparisonTable, type Comparison, type Outcome } from './support/compare.ts';
import { makeWheel, type Wheel } from './support/corpus.ts';
import { send } from './support/http.ts';
import {
  createIndex,
  fillProject,
  indexServerNames,
  startIndexServer,
  upload,
  uploadBody,
  type IndexServerName,
} from './support/index-server.ts';
import {
  measureLoad,
  requestsPerCpuSecond,
  writeLoadScript,
  type LoadRequest,
  type LoadSample,
} from './support/load.ts';
import { moveToLoadCore } from './support/machine.ts';
import { startNginx } from './support/nginx.ts';
import { readOptions, type CommonOptions } from './support/options.ts';
import {
  checkCase,
  checkListing,
  describeCase,
  fetchPage,
  indexPagePaths,
  listCases,
  listPages,
  mediaTypes,
  nginxPagePaths,
  parseJsonPage,
  projectName,
  type Page,
  type PageCase,
  type PagePaths,
} from './support/page-cases.ts';
import { makeWorkDirectory, MemoryLog, publish, say, takeTurns } from './support/run.ts';
import type { Server } from './support/server.ts';

const sizes = [20, 300, 4000];
// devpi-server rewrites a project's whole list with every upload: 4000 of them take it some twenty minutes.
const sizesForDevpi = [20, 300];
// Its writers poll for one lock: with eight of them and a long list, some wait 60 s and get a 500.
const parallelUploads: Readonly<Record<IndexServerName, number>> = { wheelhouse: 8, devpi: 1 };
const megabyte = 1_000_000;
// Several large transfers at once are not compared by CPU: with sendfile most of the sending then happens in the
// receiver's time, when its acknowledgements arrive, and the server looks idle while it is slower.
const downloads = [
  { description: 'file of 1 MB, 32 connections', wheel: 0, connections: 32, byCpu: true },
  { description: 'file of 200 MB, 1 connection', wheel: 1, connections: 1, byCpu: true },
  { description: 'file of 200 MB, 8 connections', wheel: 1, connections: 8, byCpu: false },
];
const downloadSizes = [megabyte, 200 * megabyte];
const downloadProject = 'bench-download';
const pageConnections = 32;
const aims = { pages: { nginx: 0.8, devpi: 20 }, files: { nginx: 0.9 } };

/** A server, what it holds, and how its pages and files are asked for. */
interface Target {
  readonly server: Server;
  readonly sizes: readonly number[];
  readonly pagePaths: PagePaths;
  readonly filePath: (wheel: Wheel) => Promise<string>;
}

interface RawSample extends LoadSample {
  readonly target: string;
  readonly description: string;
}

const options = readOptions(process.argv.slice(2), ['wheelhouse', 'nginx', 'devpi']);
async function main(): Promise<void> {
  await moveToLoadCore();
  const directory = await makeWorkDirectory();
  const memory = new MemoryLog();
  const wheels = downloadSizes.map((payloadBytes, index) =>
    makeWheel({ project: downloadProject, version: `${index + 1}.0`, payloadBytes }),
  );
  await using servers = new AsyncDisposableStack();
  const indexes: Target[] = [];
  for (const name of indexServerNames.filter((each) => options.targets.includes(each))) {
    const target = await startIndex(name, directory, memory, wheels);
    servers.use(target.server);
    indexes.push(target);
  }
  const targets = [...indexes];
  if (options.targets.includes('nginx')) {
    const nginx = await startLimit(directory, indexes[0], wheels);
    servers.use(nginx.server);
    targets.push(nginx);
  }
  targets.sort((a, b) => options.targets.indexOf(a.server.name) - options.targets.indexOf(b.server.name));

  const scriptPath = await writeLoadScript(directory);
  const samples: RawSample[] = [];
  const pages = await comparePages(targets, scriptPath, samples);
  const files = await compareDownloads(targets, wheels, scriptPath, samples);
  const allServers = targets.map((target) => target.server);
  await memory.read('after the run', allServers);
  await publish(
    {
      tables: [
        comparisonTable(pages, {
          title: 'Project pages: requests per CPU second',
          targets: options.targets,
          aims: aims.pages,
        }),
        comparisonTable(files.perCpuSecond, {
          title: 'Files: MB per CPU second',
          targets: options.targets,
          aims: aims.files,
        }),
        comparisonTable(files.perSecond, {
          title: 'Files: MB per second',
          targets: options.targets,
          aims: {},
        }),
        memory.table(),
      ].filter((table) => table.rows.length > 0),
      servers: allServers,
      raw: { samples, memory: memory.raw() },
    },
    options,
  );
}

async function startIndex(
  name: IndexServerName,
  directory: string,
  memory: MemoryLog,
  wheels: readonly Wheel[],
): Promise<Target> {
  say(`start ${name} and upload to it`);
  const server = await startIndexServer(name, join(directory, name));
  await memory.read('started', [server]);
  const index = await createIndex(server);
  const held = name === 'devpi' && !options.full ? sizesForDevpi : sizes;
  for (const files of held) {
    const startedAt = performance.now();
    const expected = await fillProject(index, projectName(files), { files, parallel: parallelUploads[name] });
    say(`  ${files} files: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    for (const page of listPages([files])) {
      const { body } = await fetchPage(server, indexPagePaths, page, 'identity');
      checkListing(`${name}: ${page.project} as ${page.format}`, page.format, body, expected);
    }
  }
  for (const wheel of wheels) await upload(index, uploadBody(wheel));
  await memory.read('filled', [server]);
  return {
    server,
    sizes: held,
    pagePaths: indexPagePaths,
    filePath: async (wheel) => await findFile(server, wheel),
  };
}

/** Where the project's own page says the file is. */
async function findFile(server: Server, { project, filename }: Wheel): Promise<string> {
  const path = indexPagePaths({ project, files: 0, format: 'json' }, 'identity');
  const { body } = await send(server.url + path, { headers: { accept: mediaTypes.json } });
  const file = parseJsonPage(body).files.find((each) => each.filename === filename);
  if (file === undefined) throw new Error(`${server.name} does not list ${filename}`);
  return new URL(file.url, server.url + path).pathname;
}

/** nginx with the very bytes that the first package index answers with. */
async function startLimit(
  directory: string,
  source: Target | undefined,
  wheels: readonly Wheel[],
): Promise<Target> {
  if (source === undefined)
    throw new Error('nginx serves what an index answered: name wheelhouse or devpi too');
  say(`start nginx with the pages of ${source.server.name}`);
  const documents = new Map<string, Buffer>();
  for (const page of listPages(source.sizes)) {
    const path = nginxPagePaths(page, 'identity');
    documents.set(path, (await fetchPage(source.server, source.pagePaths, page, 'identity')).body);
    documents.set(`${path}.gz`, await compressedPage(source, page, 'gzip'));
    documents.set(nginxPagePaths(page, 'zstd'), await compressedPage(source, page, 'zstd'));
  }
  for (const wheel of wheels) documents.set(`/files/${wheel.filename}`, wheel.bytes);
  const nginxDirectory = join(directory, 'nginx');
  await mkdir(nginxDirectory);
  return {
    server: await startNginx(nginxDirectory, documents),
    sizes: source.sizes,
    pagePaths: nginxPagePaths,
    filePath: async (wheel) => await Promise.resolve(`/files/${wheel.filename}`),
  };
}

const compressors = { gzip: gzipSync, zstd: zstdCompressSync };

/** The source's own compressed bytes; made here only for a source that does not compress. */
async function compressedPage(source: Target, page: Page, encoding: 'gzip' | 'zstd'): Promise<Buffer> {
  const { headers, body } = await fetchPage(source.server, source.pagePaths, page, encoding);
  return headers['content-encoding'] === encoding ? body : compressors[encoding](body);
}

async function comparePages(
  targets: Target[],
  scriptPath: string,
  samples: RawSample[],
): Promise<Comparison[]> {
  const held = sizes.filter((files) => targets.some((target) => target.sizes.includes(files)));
  const comparisons: Comparison[] = [];
  for (const pageCase of listCases(listPages(held)).filter((each) => isChosen(describeCase(each), options))) {
    const description = describeCase(pageCase);
    say(description);
    const ready: Prepared[] = [];
    const outcomes = new Map<string, Outcome>();
    for (const target of targets) {
      const checked = await checkPage(target, pageCase);
      if ('unavailable' in checked) outcomes.set(target.server.name, checked);
      else ready.push({ ...checked, server: target.server });
    }
    const measured = await measureAll(
      ready,
      { description, connections: pageConnections, scriptPath },
      samples,
    );
    for (const [name, each] of measured) {
      outcomes.set(name, requestsPerCpuSecond(each));
    }
    comparisons.push({ description, outcomes });
  }
  return comparisons;
}

async function checkPage(target: Target, pageCase: PageCase): ReturnType<typeof checkCase> {
  if (!target.sizes.includes(pageCase.files)) return { unavailable: 'needs --full' };
  return await checkCase(target.server, target.pagePaths, pageCase);
}

interface DownloadComparisons {
  readonly perCpuSecond: readonly Comparison[];
  readonly perSecond: readonly Comparison[];
}

async function compareDownloads(
  targets: Target[],
  wheels: readonly Wheel[],
  scriptPath: string,
  samples: RawSample[],
): Promise<DownloadComparisons> {
  const perCpuSecond: Comparison[] = [];
  const perSecond: Comparison[] = [];
  for (const { description, wheel, connections, byCpu } of downloads) {
    if (!isChosen(description, options)) continue;
    say(description);
    const ready: Prepared[] = [];
    for (const target of targets) ready.push(await checkDownload(target, wheels[wheel]!));
    const measured = await measureAll(ready, { description, connections, scriptPath }, samples);
    const outcomes = (unit: 'cpuSeconds' | 'seconds') =>
      new Map(
        [...measured].map(([name, each]) => [
          name,
          { values: each.map((one) => one.bytes / megabyte / one[unit]) },
        ]),
      );
    if (byCpu) perCpuSecond.push({ description, outcomes: outcomes('cpuSeconds') });
    perSecond.push({ description, outcomes: outcomes('seconds') });
  }
  return { perCpuSecond, perSecond };
}

async function checkDownload({ server, filePath }: Target, wheel: Wheel): Promise<Prepared> {
  const request = { path: await filePath(wheel), headers: {} };
  const { status, body } = await send(server.url + request.path);
  const sha256 = createHash('sha256').update(body).digest('hex');
  if (status !== 200 || sha256 !== wheel.sha256) {
    throw new Error(
      `${server.name}: ${request.path} answered ${status} with sha256 ${sha256}, not ${wheel.sha256}`,
    );
  }
  return { server, request, bodyBytes: body.length };
}

interface Prepared {
  readonly server: Server;
  readonly request: LoadRequest;
  readonly bodyBytes: number;
}

async function measureAll(
  ready: readonly Prepared[],
  given: { description: string; connections: number; scriptPath: string },
  samples: RawSample[],
): Promise<Map<string, readonly LoadSample[]>> {
  const load = { ...given, seconds: options.seconds };
  const turns = await takeTurns(ready, options, async ({ server, request, bodyBytes }) => {
    const sample = await measureLoad(server, request, load);
    checkVolume(`${server.name}: ${given.description}`, sample, bodyBytes);
    return sample;
  });
  if (turns.disturbed > 0) say(`  the machine was busy with something else at ${turns.disturbed} samples`);
  const byName = [...turns.samples].map(([{ server }, each]) => [server.name, each] as const);
  for (const [target, each] of byName) {
    samples.push(...each.map((sample) => ({ target, description: given.description, ...sample })));
  }
  return new Map(byName);
}

const headLimitBytes = 1500;

/** Under load too every answer must have been whole, and every 304 empty. */
function checkVolume(what: string, { requests, bytes }: LoadSample, bodyBytes: number): void {
  const tooFew = bytes < requests * bodyBytes || bytes === 0;
  const tooMany = bodyBytes === 0 && bytes > requests * headLimitBytes;
  if (tooFew || tooMany) {
    throw new Error(`${what}: ${bytes} bytes in ${requests} answers with a body of ${bodyBytes} each`);
  }
}

function isChosen(description: string, { only }: CommonOptions): boolean {
  return only === undefined || only.test(description);
}

await main();
