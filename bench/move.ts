// A dump is taken into a new server and written again, beside devpi-import and devpi-export. See README.md.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { wheel, wheelFilename } from '#test/archives.ts';
import { executablePath } from '#test/clients.ts';
import { dumpedFile, writeDump } from '#test/dumps.ts';
import { launcher } from '#test/server.ts';
import { readOptions } from './support/options.ts';
import { readUsage } from './support/process-usage.ts';
import { makeWorkDirectory, publish, say, waitForTurn } from './support/run.ts';
import { formatNumber } from './support/statistics.ts';

const names = ['wheelhouse', 'devpi'] as const;
const options = readOptions(process.argv.slice(2), names);
const fileCount = options.quick ? 500 : 20_000;
const filesOfProject = 20;
/** A README of the usual length, which both keep with each release. */
const description = 'What this project is for, and how one begins with it.\n'.repeat(100);

interface Sample {
  readonly target: string;
  readonly step: 'import' | 'export';
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

async function main(): Promise<void> {
  const directory = await makeWorkDirectory();
  say(`write a dump of ${fileCount} files`);
  const dump = await makeDump(join(directory, 'dump'));
  const samples: Sample[] = [];
  for (const target of names.filter((each) => options.targets.includes(each))) {
    const [state, out] = [join(directory, target), join(directory, `${target}-dump`)];
    const steps = {
      import: programs[target].import(state, dump),
      export: programs[target].export(state, out),
    };
    for (const [step, argv] of Object.entries(steps)) {
      if (!(await waitForTurn(options))) say('the machine is not quiet');
      say(`${target}: ${step}`);
      samples.push({ target, step: step as Sample['step'], ...(await measure(argv)) });
    }
    const written = await readdir(out, { recursive: true });
    const found = written.filter((name) => name.endsWith('.whl')).length;
    if (found !== fileCount) throw new Error(`${target} wrote ${found} files instead of ${fileCount}`);
  }
  const rows = samples.map(({ target, step, seconds, cpuSeconds, peakMb }) => [
    `${step}, ${target}`,
    ...[seconds, cpuSeconds, fileCount / seconds, peakMb].map(formatNumber),
  ]);
  const table = {
    title: `A dump of ${fileCount} wheels in ${fileCount / filesOfProject} projects`,
    columns: ['', 'seconds', 'CPU seconds', 'files a second', 'peak MB'],
    rows,
    notes: [],
  };
  await publish({ tables: [table], servers: [], raw: { samples } }, options);
}

const programs = {
  wheelhouse: {
    import: (state: string, dump: string) => [launcher, 'import', dump, '--serverdir', state],
    export: (state: string, out: string) => [launcher, 'export', out, '--serverdir', state],
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

/** Runs a program to its end, and looks every 50 ms what its processes have used. */
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
  const timer = setInterval(() => void look(), 50);
  const { exitCode, stderr } = await child;
  clearInterval(timer);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} exited with ${exitCode}\n${stderr.slice(-2000)}`);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds, peakMb };
}

await main();
