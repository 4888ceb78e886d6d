import { styleText } from 'node:util';
import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { currentIndex, type CurrentIndex } from '../current-index.ts';
import { flag, indexOption, jsonOption, optional } from '../options.ts';
import { printable } from '../printable.ts';
import { describeTestResult } from '../releases/describe-test-result.ts';
import type { Release, ReleaseFile } from '../releases/read-releases.ts';
import type { TestResult } from '../releases/test-results.ts';

/** Versions of a project that are shown unless all are asked for. */
const SHOWN = 3;
const PARALLEL = 8;

export const command = defineCommand({
  summary: 'List the projects of an index, or the files of a project',
  args: { spec: optional("A project, or some of its releases: demo, demo==1.0, 'demo>=1,<2'") },
  options: {
    index: indexOption,
    server: serverOption,
    all: flag('All versions, not only the newest.'),
    ignoreBases: flag('Leave out what the index inherits.'),
    toxresults: { ...flag('What tox told of the files.'), short: 't' },
    failures: { ...flag('As --toxresults, with the commands that failed and their output.'), short: 'f' },
    verbose: { ...flag('Projects with their versions.'), short: 'v' },
    json: jsonOption,
  },
  examples: [
    'wheelhouse list',
    'wheelhouse list --index root/pypi requests --all',
    'wheelhouse list -f demo==1.0',
  ],
  async run({ args: { spec }, options }) {
    const target = await currentIndex(options.index, options.server);
    if (spec === undefined) await listProjects(target, options);
    else await listFiles(target, spec, options);
    return 0;
  },
});

interface ListOptions {
  readonly all: boolean;
  readonly ignoreBases: boolean;
  readonly toxresults: boolean;
  readonly failures: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
}

async function listProjects(target: CurrentIndex, options: ListOptions): Promise<void> {
  const { operations } = await import('#packages/contract');
  const { user, index } = target;
  const { result } = await target.client.call(operations.readIndex, { params: { user, index } });
  const projects = (result.projects ?? []).toSorted();
  if (options.verbose) await listVersions(target, projects, options);
  else if (options.json) printJson(projects);
  else process.stdout.write(projects.map((project) => `${printable(project)}\n`).join(''));
}

async function listVersions(
  target: CurrentIndex,
  projects: readonly string[],
  { all, ignoreBases, json }: ListOptions,
): Promise<void> {
  const { inParallel } = await import('#kernel/in-parallel.ts');
  const { readReleases } = await import('../releases/read-releases.ts');
  const { readReleaseSpec } = await import('../releases/release-spec.ts');
  const found = await inParallel(projects, PARALLEL, async (project) => {
    const releases = (await readReleases(target, readReleaseSpec(project), { ignoreBases })).toReversed();
    return all ? releases : releases.slice(-1);
  });
  const releases = found.flat().map(({ name, version }) => ({ name, version }));
  if (json) printJson(releases);
  else
    process.stdout.write(releases.map((each) => `${printable(`${each.name}==${each.version}`)}\n`).join(''));
}

async function listFiles(target: CurrentIndex, given: string, options: ListOptions): Promise<void> {
  const { readReleases } = await import('../releases/read-releases.ts');
  const { readReleaseSpec } = await import('../releases/release-spec.ts');
  const releases = await readReleases(target, readReleaseSpec(given), options);
  const shown = options.all ? releases : newest(releases);
  const results =
    options.toxresults || options.failures ? await readResults(target, shown) : new Map<string, never>();
  if (options.json) {
    const withResults = (file: ReleaseFile) => ({
      ...file,
      ...(results.has(file.href) && { toxResults: results.get(file.href) }),
    });
    printJson(
      shown.map((release) => ({
        ...release,
        files: release.files.map(withResults),
        shadowed: release.shadowed.map(withResults),
      })),
    );
    return;
  }
  const say = (text: string, isBad: boolean) =>
    process.stdout.write(`${isBad ? styleText('red', printable(text)) : printable(text)}\n`);
  for (const { files, shadowed } of shown) {
    for (const file of [...files, ...shadowed]) {
      say(file.href, shadowed.includes(file));
      for (const result of results.get(file.href) ?? []) {
        for (const { text, isBad } of describeTestResult(result, options)) say(text, isBad);
      }
    }
  }
  const older = releases.length - shown.length;
  if (older > 0) process.stdout.write(`${older} older versions not shown, use --all to see\n`);
}

/** What tox told of the files, by their addresses. */
async function readResults(
  { client }: CurrentIndex,
  releases: readonly Release[],
): Promise<ReadonlyMap<string, readonly TestResult[]>> {
  const { inParallel } = await import('#kernel/in-parallel.ts');
  const { readTestResults } = await import('../releases/test-results.ts');
  const files = releases.flatMap((release) => [...release.files, ...release.shadowed]);
  return new Map(
    await inParallel(
      files,
      PARALLEL,
      async ({ href, toxResults }) => [href, await readTestResults(client, toxResults)] as const,
    ),
  );
}

/** The newest versions; those without files do not count, and what is shadowed counts, as in devpi-client. */
function newest(releases: readonly Release[]): readonly Release[] {
  let count = 0;
  return releases.filter(({ files, shadowed }) => {
    if (count >= SHOWN) return false;
    count += Number(files.length > 0) + Number(shadowed.length > 0);
    return true;
  });
}

function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
