import { createHash } from 'node:crypto';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { run } from '#kernel/process/run.ts';
import { WHEELHOUSE_VERSION } from '#kernel/version.ts';
import { inspectArchive } from '#python/archives/inspect.ts';
import { findProgram } from '../find-program.ts';
import { findPython } from '../find-python.ts';
import { inheritedEnvironment } from '../inherited-environment.ts';
import { printable } from '../printable.ts';
import { sayCommand } from '../say-command.ts';
import { splitWords } from './split-words.ts';
import type { TestRun, Verdict } from './test-releases.ts';

type Argv = readonly [string, ...string[]];

/** A command as tox writes it into its result. */
interface Ran {
  readonly command: Argv;
  readonly output: string;
  readonly err: string;
  readonly retcode: number;
  readonly elapsed: number;
}

/** The extras that projects give their tests, the most usual first. */
const TEST_EXTRAS = ['test', 'tests', 'testing'];

/**
 * Installs a file with the extra of its tests and pytest into a new virtual environment, with uv or else pip, and runs pytest where
 * the sdist was unpacked. The result has tox's form.
 */
export async function runPytest(given: TestRun): Promise<Verdict> {
  const { path, unpacked, work, reading, signal, options } = given;
  await mkdir(work, { recursive: true });
  const env = inheritedEnvironment(reading.variables);
  const perform = async (command: Argv): Promise<Ran> =>
    await runShown(command, { cwd: unpacked, env, signal });
  const venv = join(work, 'venv');
  const python = join(venv, 'bin', 'python');
  const setup: Ran[] = [];
  for (const command of setupCommands(findPython(options.python), venv, await requirementOf(given))) {
    const ran = await perform(command);
    setup.push(ran);
    if (ran.retcode !== 0) break;
  }
  const isReady = setup.every(({ retcode }) => retcode === 0);
  const test = isReady
    ? [await perform([join(venv, 'bin', 'pytest'), ...splitWords(options.toxArgs ?? '')])]
    : [];
  const reportPath = join(work, 'toxreport.json');
  const report = {
    reportversion: '1',
    toxversion: `wheelhouse ${WHEELHOUSE_VERSION}`,
    platform: process.platform,
    host: hostname(),
    testenvs: {
      pytest: {
        installpkg: { basename: basename(path), ...(await digestsOf(path)) },
        ...(isReady && (await describeVenv(python, env))),
        setup,
        test,
      },
    },
  };
  await writeFile(reportPath, JSON.stringify(report, null, 2));
  return { exitCode: [...setup, ...test].find(({ retcode }) => retcode !== 0)?.retcode ?? 0, reportPath };
}

/** `demo[test] @ file:///…`, as pip and uv read it. */
async function requirementOf({ path, release }: TestRun): Promise<string> {
  await using handle = await open(path);
  const { size } = await handle.stat();
  const read = async (into: Buffer, position: number) =>
    (await handle.read(into, 0, into.byteLength, position)).bytesRead;
  const { metadata } = await inspectArchive({ size, read }, basename(path));
  const extra = TEST_EXTRAS.find((name) => metadata?.provides_extras?.includes(name));
  return `${metadata?.name ?? release.name}${extra === undefined ? '' : `[${extra}]`} @ ${pathToFileURL(path).href}`;
}

function setupCommands(python: string, venv: string, requirement: string): readonly Argv[] {
  const uv = findProgram('uv');
  const own = join(venv, 'bin', 'python');
  return uv === undefined
    ? [
        [python, '-m', 'venv', venv],
        [own, '-m', 'pip', 'install', '--disable-pip-version-check', 'pytest', requirement],
      ]
    : [
        [uv, 'venv', '--quiet', '--python', python, venv],
        [uv, 'pip', 'install', '--python', own, 'pytest', requirement],
      ];
}

async function runShown(
  command: Argv,
  options: { readonly cwd: string; readonly env: Record<string, string>; readonly signal: AbortSignal },
): Promise<Ran> {
  sayCommand(command, {}, options.cwd);
  const startedAt = performance.now();
  const onLine = (line: string) => void process.stdout.write(`${printable(line)}\n`);
  const { exitCode, stdout, stderr } = await run(command, { ...options, onLine });
  const elapsed = (performance.now() - startedAt) / 1000;
  return { command, output: stdout, err: stderr, retcode: exitCode ?? 1, elapsed };
}

/** What tox tells of an environment. */
async function describeVenv(python: string, env: Record<string, string>) {
  const { stdout } = await run([python, '-c', DESCRIBE], { env });
  return Venv.parse(JSON.parse(stdout));
}

const Venv = z.object({ python: z.record(z.string(), z.unknown()), installed_packages: z.array(z.string()) });

const DESCRIBE = `
import json, platform, sys
from importlib.metadata import distributions
print(json.dumps({
    'python': {
        'executable': sys.executable,
        'implementation': platform.python_implementation(),
        'is_64': sys.maxsize > 2**32,
        'version': sys.version,
        'version_info': list(sys.version_info),
        'sysplatform': sys.platform,
    },
    'installed_packages': sorted(f'{d.metadata["Name"]}=={d.version}' for d in distributions()),
}))
`;

async function digestsOf(path: string) {
  const bytes = await readFile(path);
  const digest = (algorithm: string) => createHash(algorithm).update(bytes).digest('hex');
  return { md5: digest('md5'), sha256: digest('sha256') };
}
