// The command line beside devpi-client and twine at one server, and beside a Node that does nothing. See README.md.
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clientPath } from '#test/clients.ts';
import { runChecked, runCommand } from '#test/run-command.ts';
import { comparisonTable, type Comparison, type Outcome } from './support/compare.ts';
import { makeWheel } from './support/corpus.ts';
import { account, createUser, putIndex, startIndexServer, type Session } from './support/index-server.ts';
import { moveToLoadCore } from './support/machine.ts';
import { readOptions } from './support/options.ts';
import { makeWorkDirectory, publish, say, waitForTurn } from './support/run.ts';
import type { Server } from './support/server.ts';
import { spreadOf } from './support/statistics.ts';

/** `checkout` is the same program run from its TypeScript, as who works on it has it. */
const programNames = ['wheelhouse', 'checkout', 'node', 'devpi', 'twine'] as const;
type ProgramName = (typeof programNames)[number];

interface Run {
  readonly argv: readonly string[];
  readonly input?: string;
}

interface Case {
  readonly description: string;
  /** Runs in a sample; a sample is their mean. */
  readonly runs: number;
  readonly programs: Partial<Record<ProgramName, Run>>;
  /** Before each sample. */
  prepare?(): Promise<void>;
}

interface Sample {
  readonly clockMs: number;
  readonly cpuMs: number;
}

const root = join(import.meta.dirname, '..');
const wheelCount = 200;
const options = readOptions(process.argv.slice(2), programNames);

async function main(): Promise<void> {
  await moveToLoadCore();
  const directory = await makeWorkDirectory();
  await runChecked([process.execPath, join(root, 'tools', 'build.ts')]);
  await using server = await startIndexServer('wheelhouse', join(directory, 'server'));
  const session = await createUser(server);
  const env = prepareHome(directory);
  const cases = await makeCases(directory, server, session, env);
  const clock: Comparison[] = [];
  const cpu: Comparison[] = [];
  const raw: Record<string, unknown>[] = [];
  let disturbed = 0;
  for (const each of cases.filter(({ description }) => options.only?.test(description) !== false)) {
    say(each.description);
    const names = options.targets.filter((name) => name in each.programs) as ProgramName[];
    const samples = new Map<string, Sample[]>(names.map((name) => [name, []]));
    for (let round = 0; round <= options.rounds; round++) {
      for (const name of names) {
        if (!(await waitForTurn(options))) disturbed++;
        await each.prepare?.();
        const sample = await measure(each, name, env);
        if (round > 0) samples.get(name)?.push(sample);
      }
    }
    const outcomes = (figure: (sample: Sample) => number) =>
      new Map<string, Outcome>([...samples].map(([name, taken]) => [name, { values: taken.map(figure) }]));
    clock.push({ description: each.description, outcomes: outcomes(({ clockMs }) => clockMs) });
    cpu.push({ description: each.description, outcomes: outcomes(({ cpuMs }) => cpuMs) });
    for (const [program, taken] of samples) raw.push({ description: each.description, program, taken });
  }
  if (disturbed > 0) say(`the machine was busy with something else at ${disturbed} samples`);
  const table = (title: string, comparisons: readonly Comparison[]) =>
    comparisonTable(comparisons, {
      title,
      targets: options.targets,
      aims: { node: 1.5, devpi: 0.2, twine: 0.2 },
      lessIsBetter: true,
    });
  await publish(
    {
      tables: [
        table('Milliseconds of processor time of a command (less is better)', cpu),
        table('Milliseconds from start to end (less is better)', clock),
      ],
      servers: [server],
      raw: { samples: raw },
    },
    options,
  );
}

/** A home of their own for all programs, with nothing configured. */
function prepareHome(directory: string): Record<string, string> {
  const home = join(directory, 'home');
  mkdirSync(home);
  return {
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_CACHE_HOME: join(home, '.cache'),
    DEVPI_CLIENTDIR: join(home, 'devpi'),
    PYTHON_KEYRING_BACKEND: 'keyring.backends.null.Keyring',
    TWINE_USERNAME: account.user,
    TWINE_PASSWORD: account.password,
    NO_COLOR: '1',
  };
}

async function makeCases(
  directory: string,
  server: Server,
  session: Session,
  env: Record<string, string>,
): Promise<readonly Case[]> {
  const programs = { wheelhouse: installPackage(directory), checkout: join(root, 'wheelhouse') };
  const devpi = clientPath('devpi');
  const index = await putIndex(server, session, 'index', {});
  const dist = join(directory, 'dist');
  mkdirSync(dist);
  const wheels = Array.from({ length: wheelCount }, (_each, number) => {
    const { filename, bytes } = makeWheel({ project: `bench-${number}`, version: '1.0' });
    writeFileSync(join(dist, filename), bytes);
    return join(dist, filename);
  });
  const logIn = ['login', account.user, '--password', '-'];
  const input = `${account.password}\n`;
  await runChecked([programs.wheelhouse, 'use', index], { env });
  await runChecked([programs.wheelhouse, ...logIn], { env, input });
  await runChecked([programs.wheelhouse, 'upload', dist], { env });
  await runChecked([devpi, 'use', index], { env });
  const devpiLogIn = ['login', account.user, `--password=${account.password}`];
  await runChecked([devpi, ...devpiLogIn], { env });

  const ours = (args: readonly string[], given?: string): Case['programs'] => ({
    wheelhouse: { argv: [programs.wheelhouse, ...args], ...(given !== undefined && { input: given }) },
    checkout: { argv: [programs.checkout, ...args], ...(given !== undefined && { input: given }) },
  });
  const empty = join(directory, 'empty.mjs');
  writeFileSync(empty, '');
  const beside = (...args: string[]): Case => ({
    description: args.join(' '),
    runs: 10,
    programs: { ...ours(args), devpi: { argv: [devpi, ...args] } },
  });
  let uploads = 0;
  const fresh = 'uploads';
  const target = `${server.url}/${account.user}/${fresh}`;
  return [
    {
      description: '--help',
      runs: 20,
      programs: {
        ...ours(['--help']),
        node: { argv: [process.execPath, empty] },
        devpi: { argv: [devpi, '--help'] },
      },
    },
    beside('use'),
    beside('list'),
    beside('index', '-l'),
    {
      description: 'login',
      runs: 10,
      programs: { ...ours(logIn, input), devpi: { argv: [devpi, ...devpiLogIn] } },
    },
    {
      description: `upload of ${wheelCount} small wheels`,
      runs: 1,
      // Each upload is the first one of its files.
      async prepare() {
        if (uploads++ > 0) await runChecked([programs.wheelhouse, 'index', '--delete', '-y', fresh], { env });
        await putIndex(server, session, fresh, {});
      },
      programs: {
        ...ours(['upload', '--index', target, dist]),
        devpi: { argv: [devpi, 'upload', '--index', `${account.user}/${fresh}`, '--from-dir', dist] },
        twine: {
          argv: [
            clientPath('twine'),
            'upload',
            '--non-interactive',
            '--disable-progress-bar',
            '--repository-url',
            `${target}/`,
            ...wheels,
          ],
        },
      },
    },
  ];
}

/** The program as it is published: the launcher before the bundle. Returns its path. */
function installPackage(directory: string): string {
  const target = join(directory, 'package');
  mkdirSync(target);
  for (const name of ['dist', 'node_modules', 'package.json'])
    symlinkSync(join(root, name), join(target, name));
  cpSync(join(root, 'wheelhouse'), join(target, 'wheelhouse'));
  return join(target, 'wheelhouse');
}

async function measure(each: Case, name: ProgramName, env: Record<string, string>): Promise<Sample> {
  const { argv, input } = each.programs[name]!;
  const clocks: number[] = [];
  const before = await readChildTicks();
  for (let run = 0; run < each.runs; run++) {
    const startedAt = performance.now();
    const { exitCode, stderr } = await runCommand(argv, { env, ...(input !== undefined && { input }) });
    clocks.push(performance.now() - startedAt);
    if (exitCode !== 0) throw new Error(`${argv.slice(0, 3).join(' ')} exited with ${exitCode}\n${stderr}`);
  }
  const ticks = (await readChildTicks()) - before;
  return { clockMs: spreadOf(clocks).median, cpuMs: (ticks * MS_PER_TICK) / each.runs };
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const MS_PER_TICK = 10;

/** The processor time of all programs that this one has started and that have ended. */
async function readChildTicks(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[13]) + Number(fields[14]);
}

await main();
