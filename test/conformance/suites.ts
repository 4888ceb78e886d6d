import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clientPath } from '../support/clients.ts';
import { runChecked } from '../support/run-command.ts';

/**
 * devpi's own test suites, from the source archives on PyPI. They are unpacked below `.cache` when they run and
 * never committed: devpi's code is not ours.
 */
const sdists = {
  'devpi-client': {
    version: '7.3.0',
    sha256: '03eda8adb28c2974de00bfd7186ad5a978e46adaca7bc957231f2dfa489abec7',
  },
  'devpi-server': {
    version: '6.20.3',
    sha256: '8307fe955288b85d591168add03a8a9fd377e730f5602d60b71a1abc116200d7',
  },
} as const;

type Sdist = keyof typeof sdists;

/** One run of pytest. */
export interface Suite {
  readonly name: 'client' | 'server' | 'views' | 'nginx';
  /** How many tests there are: a suite that collects fewer has lost some. */
  readonly tests: number;
  readonly cwd: string;
  readonly path: string;
  readonly pythonPath: readonly string[];
}

const cacheDirectory = join(import.meta.dirname, '..', '..', '.cache', 'devpi-suites');

const ownPlugins = join(import.meta.dirname, 'pytest');

export const suites: readonly Suite[] = [
  {
    // The real devpi client, in the process of the tests.
    name: 'client',
    tests: 56,
    cwd: sourceDirectory('devpi-client'),
    path: join('testing', 'test_functional.py'),
    pythonPath: [ownPlugins],
  },
  {
    // The same classes over plain HTTP.
    name: 'server',
    tests: 41,
    cwd: join(import.meta.dirname, 'server'),
    path: 'test_functional.py',
    pythonPath: [ownPlugins, sourceDirectory('devpi-server')],
  },
  {
    // The tests of the server's views that look at requests and answers only.
    name: 'views',
    tests: 130,
    cwd: join(import.meta.dirname, 'views'),
    path: 'test_all.py',
    pythonPath: [ownPlugins, sourceDirectory('devpi-server')],
  },
  {
    // What devpi-gen-config writes for nginx, before and after scripts of its users.
    name: 'nginx',
    tests: 4,
    cwd: join(import.meta.dirname, 'nginx'),
    path: 'test_all.py',
    pythonPath: [ownPlugins, sourceDirectory('devpi-server')],
  },
];

/** Where the output of a suite's last run is. */
export function suiteLog({ name }: Suite): string {
  return join(cacheDirectory, `${name}.log`);
}

/** Fetches what is missing; the digests are checked before anything is unpacked. */
export async function fetchSuites(): Promise<void> {
  for (const name of Object.keys(sdists) as Sdist[]) {
    if (!existsSync(sourceDirectory(name))) await fetch(name);
  }
}

async function fetch(name: Sdist): Promise<void> {
  const { version, sha256 } = sdists[name];
  await mkdir(cacheDirectory, { recursive: true });
  const directory = await mkdtemp(join(cacheDirectory, 'fetch-'));
  try {
    const requirements = join(directory, 'requirements.txt');
    await writeFile(requirements, `${name}==${version} --hash=sha256:${sha256}\n`);
    const download = ['download', '--quiet', '--no-deps', '--no-binary', ':all:', '--require-hashes'];
    await runChecked([clientPath('pip'), ...download, '--dest', directory, '--requirement', requirements]);
    const archive = (await readdir(directory)).find((file) => file.endsWith('.tar.gz'));
    if (archive === undefined) throw new Error(`pip downloaded no source archive of ${name} ${version}`);
    await runChecked(['tar', '-xzf', join(directory, archive), '-C', directory]);
    await rename(join(directory, archive.replace('.tar.gz', '')), sourceDirectory(name));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Where `fetchSuites` leaves a source, named as pip's archives are: tests may not find `devpi-server` in the path of
 * their links (devpi.md 7.1).
 */
export function sourceDirectory(name: Sdist): string {
  return join(cacheDirectory, `${name.replace('-', '_')}-${sdists[name].version}`);
}
