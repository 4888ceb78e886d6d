import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import { currentIndex, type CurrentIndex } from '../current-index.ts';
import { cliErrors } from '../errors.ts';
import { openReading, type Reading } from '../installers/open-reading.ts';
import { printable } from '../printable.ts';
import { printJson } from '../print-json.ts';
import { readReleases, type Release, type ReleaseFile } from '../releases/read-releases.ts';
import { readReleaseSpec } from '../releases/release-spec.ts';
import { withWorkDirectory } from '../work-directory.ts';
import { chooseFiles, type ChosenFiles } from './choose-files.ts';
import { fetchFile, unpackFile } from './fetch-file.ts';
import { runPytest } from './run-pytest.ts';
import { runTox } from './run-tox.ts';

export interface TestOptions {
  readonly index: string | undefined;
  readonly server: string | undefined;
  readonly toxenv: string | undefined;
  readonly toxini: string | undefined;
  readonly fallbackIni: string | undefined;
  readonly toxArgs: string | undefined;
  readonly upload: boolean;
  readonly select: string | undefined;
  readonly list: boolean;
  readonly runner: string | undefined;
  readonly python: string | undefined;
  readonly json: boolean;
}

/** What a runner needs. */
export interface TestRun {
  readonly release: Release;
  /** What is installed, as it was downloaded. */
  readonly path: string;
  /** The sdist, unpacked: tests run there. */
  readonly unpacked: string;
  /** Of this run alone, and empty. */
  readonly work: string;
  readonly reading: Reading;
  readonly signal: AbortSignal;
  readonly options: TestOptions;
}

export interface Verdict {
  readonly exitCode: number;
  /** The result in tox's form; undefined if there is none. */
  readonly reportPath: string | undefined;
}

/** Tests releases and uploads the results; resolves to 0 only if all passed. */
export async function testReleases(specs: readonly string[], options: TestOptions): Promise<number> {
  const select = options.select === undefined ? undefined : readRegex(options.select);
  const target = await currentIndex(options.index, options.server);
  const chosen: (ChosenFiles & { readonly release: Release })[] = [];
  for (const spec of specs) {
    const release = await newestRelease(target, spec);
    const files = chooseFiles(release, select);
    for (const name of files.skipped)
      process.stderr.write(`${printable(`warning: only universal wheels supported, found ${name}`)}\n`);
    chosen.push({ release, ...files });
  }
  if (options.list) {
    const hrefs = chosen.flatMap(({ tested }) => tested.map(({ href }) => href));
    if (options.json) printJson(hrefs);
    else process.stdout.write(`would test:\n${hrefs.map((href) => `   ${printable(href)}\n`).join('')}`);
    return 0;
  }
  return await withWorkDirectory(async (directory, signal) => {
    await using reading = await openReading(target);
    let exitCode = 0;
    for (const [at, { release, sdist, tested }] of chosen.entries()) {
      const place = join(directory, String(at));
      const fetched = new Map<string, string>();
      for (const file of new Set([sdist, ...tested]))
        fetched.set(file.href, await fetchFile(target.client, file, join(place, 'downloads')));
      const unpacked = await unpackFile(sdist, fetched.get(sdist.href) ?? '', join(place, 'source'));
      for (const [number, file] of tested.entries()) {
        const path = fetched.get(file.href) ?? '';
        const work = join(place, `run-${number}`);
        const run = { release, path, unpacked, work, reading, signal, options };
        const verdict = await (options.runner === 'pytest' ? runPytest(run) : runTox(run));
        signal.throwIfAborted();
        if (options.upload && verdict.reportPath !== undefined)
          await uploadReport(target, file, await readReport(verdict.reportPath, reading));
        if (verdict.exitCode === 0) continue;
        exitCode = 1;
        const words = `${options.runner ?? 'tox'} command failed ${verdict.exitCode}`;
        process.stderr.write(`${styleText('red', words, { stream: process.stderr })}\n`);
      }
    }
    return exitCode;
  });
}

/** The newest of those that are meant and have files. */
async function newestRelease(target: CurrentIndex, spec: string): Promise<Release> {
  const releases = await readReleases(target, readReleaseSpec(spec), { ignoreBases: false });
  const newest = releases.find(({ files }) => files.length > 0);
  if (newest !== undefined) return newest;
  throw new AppError(cliErrors.badArgument, `could not find/receive links for ${spec}`, {
    hint: `wheelhouse list shows what ${target.url} has`,
  });
}

/** What a program wrote about its environment may have the token that it was given. */
async function readReport(path: string, reading: Reading): Promise<unknown> {
  try {
    return JSON.parse(reading.redact(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new AppError(cliErrors.programFailed, 'the tests left no result that can be read', { cause });
  }
}

async function uploadReport({ client }: CurrentIndex, file: ReleaseFile, report: unknown): Promise<void> {
  const url = client.addressOf(file.href);
  url.hash = '';
  process.stdout.write(`${printable(`posting tox result data to ${url.href}`)}\n`);
  const { json } = await client.send('POST', url, report);
  process.stdout.write('success\n');
  const message = Answer.safeParse(json).data?.message;
  if (message !== undefined) process.stderr.write(`${printable(`warning: ${message}`)}\n`);
}

const Answer = z.looseObject({ message: z.string().optional() });

function readRegex(given: string): RegExp {
  try {
    return new RegExp(given);
  } catch (cause) {
    throw new AppError(cliErrors.badArgument, `--select is no regular expression: ${given}`, { cause });
  }
}
