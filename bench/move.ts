// A dump is taken into a new server and written again, beside devpi-import and devpi-export. See README.md.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { wheel, wheelFilename } from '#test/archives.ts';
import { executablePath } from '#test/clients.ts';
import { dumpedFile, writeDump } from '#test/dumps.ts';
import { launcher } from '#test/server.ts';
import { readOptions } from './support/options.ts';
import { readUsage } from './support/process-usage.ts';
import { makeWorkDirectory, publish, say, waitForTurn } from './support/run.ts';
import { formatNumber, spreadOf } from './support/statistics.ts';

/** `copy` is the limit: the same files copied and synced, without a database, and without a hash read. */
const names = ['wheelhouse', 'devpi', 'copy', 'hard-links'] as const;
const options = readOptions(process.argv.slice(2), names);
const fileCount = options.quick ? 500 : 20_000;
const filesOfProject = 20;
/** A README of the usual length, which both keep with each release. */
const description = 'What this project is for, and how one begins with it.\n'.repeat(100);

const steps = ['import', 'export'] as const;

interface Sample {
  readonly target: string;
  readonly step: (typeof steps)[number];
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

async function main(): Promise<void> {
  const directory = await makeWorkDirectory();
  say(`write a dump of ${fileCount} files`);
  const dump = await makeDump(join(directory, 'dump'));
  const samples: Sample[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const target of names.filter((each) => options.targets.includes(each)))
      samples.push(...(await move(target, dump, join(directory, `${target}-${round}`))));
  }
  const title = `A dump of ${fileCount} wheels in ${fileCount / filesOfProject} projects`;
  const rows = steps.flatMap((step) =>
    options.targets.map((target) => {
      const own = samples.filter((sample) => sample.step === step && sample.target === target);
      const of = (value: (sample: Sample) => number) => spreadOf(own.map(value)).median;
      const seconds = of((sample) => sample.seconds);
      const [cpu, peak] = [of((sample) => sample.cpuSeconds), of((sample) => sample.peakMb)];
      return [`${step}, ${target}`, ...[seconds, cpu, fileCount / seconds, peak].map(formatNumber)];
    }),
  );
  const columns = ['', 'seconds', 'CPU seconds', 'files a second', 'peak MB'];
  await publish({ tables: [{ title, columns, rows, notes: [] }], servers: [], raw: { samples } }, options);
}

/** Imports the dump, and exports what came of it. */
async function move(target: (typeof names)[number], dump: string, directory: string): Promise<Sample[]> {
  const [state, out] = [join(directory, 'state'), join(directory, 'out')];
  await mkdir(directory);
  const samples: Sample[] = [];
  for (const step of steps) {
    if (!(await waitForTurn(options))) say('the machine is not quiet');
    await measure(['sync', '-f', directory]);
    say(`${target}: ${step}`);
    const argv =
      step === 'import' ? programs[target].import(state, dump) : programs[target].export(state, out);
    samples.push({ target, step, ...(await measure(argv)) });
  }
  const written = await readdir(out, { recursive: true });
  const found = written.filter((name) => name.endsWith('.whl')).length;
  if (found !== fileCount) throw new Error(`${target} wrote ${found} files instead of ${fileCount}`);
  await rm(directory, { recursive: true });
  return samples;
}

const copied = (from: string, to: string) => ['sh', '-c', 'cp -r "$1" "$2" && sync -f "$2"', 'sh', from, to];

const programs = {
  wheelhouse: {
    import: (state: string, dump: string) => [launcher, 'import', dump, '--serverdir', state],
    export: (state: string, out: string) => [launcher, 'export', out, '--serverdir', state],
  },
  'hard-links': {
    import: (state: string, dump: string) => [launcher, 'import', dump, '--serverdir', state, '--hard-links'],
    export: (state: string, out: string) => [launcher, 'export', out, '--serverdir', state, '--hard-links'],
  },
  copy: {
    import: (state: string, dump: string) => copied(dump, state),
    export: (state: string, out: string) => copied(state, out),
  },
  devpi: {
    import: (state: string, dump: string) => [
      executablePath('devpi-server', 'devpi-import'),
      '--serverdir',
      state,
      '--no-root-pypi',
      dump,
    ],
    export: (state: string, out: string) => [
      executablePath('devpi-server', 'devpi-export'),
      '--serverdir',
      state,
      out,
    ],
  },
} as const;

async function makeDump(directory: string): Promise<string> {
  const projects: Record<string, Record<string, unknown>> = {};
  const files: unknown[] = [];
  const bytes: Record<string, Buffer> = {};
  for (let number = 0; number < fileCount; number += 1) {
    const name = `project-${Math.floor(number / filesOfProject)}`;
    const version = `1.${number % filesOfProject}`;
    const content = wheel({ name, version, description });
    const relpath = `bench/dev/${name}/${version}/${wheelFilename({ name, version })}`;
    bytes[relpath] = content;
    files.push(dumpedFile(relpath, content, { projectname: name, version }));
    (projects[name] ??= {})[version] = { name, version, summary: 'A project', description };
  }
  const indexconfig = { type: 'stage', volatile: true, acl_upload: ['bench'], bases: [] };
  return await writeDump(directory, {
    users: { root: { username: 'root' }, bench: { username: 'bench', pwhash: '!' } },
    indexes: { 'bench/dev': { indexconfig, projects, files } },
    files: bytes,
  });
}

/** Runs a program to its end, and looks ten times a second what its processes have used. */
async function measure(argv: readonly string[]): Promise<Pick<Sample, 'seconds' | 'cpuSeconds' | 'peakMb'>> {
  const [file = '', ...rest] = argv;
  const start = performance.now();
  const child = execa(file, rest, { reject: false, stdin: 'ignore', buffer: { stdout: false } });
  let [cpuSeconds, peakMb] = [0, 0];
  const { pid } = child;
  async function look(): Promise<void> {
    // It may have ended since.
    const usage = pid === undefined ? undefined : await readUsage(pid).catch(() => undefined);
    cpuSeconds = Math.max(cpuSeconds, usage?.cpuSeconds ?? 0);
    peakMb = Math.max(peakMb, usage?.peakRssMb ?? 0);
  }
  const timer = setInterval(() => void look(), 100);
  const { exitCode, stderr } = await child;
  clearInterval(timer);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} exited with ${exitCode}\n${stderr.slice(-2000)}`);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds, peakMb };
}

await main();
