import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** One virtual environment below `.cache/clients/<name>`. */
interface Client {
  readonly requirements: readonly string[];
  readonly executables: readonly string[];
  /** `tests`: installed by every set-up. `bench`: by `--bench`. `asked`: only when named on the command line. */
  readonly installedFor: 'tests' | 'bench' | 'asked';
}

/**
 * The real programs that tests and benchmarks run, at the versions the results are stated for.
 * The first entry installs the others, so it must stay `pip`.
 */
export const clients = {
  pip: {
    requirements: ['pip==26.3'],
    executables: ['pip', 'python'],
    installedFor: 'tests',
  },
  'devpi-client': {
    // `devpi upload --no-isolation` builds with what is here; `devpi test` runs tox; `devpi install` runs pip.
    requirements: [
      'devpi-client==7.3.0',
      'build==1.6.1',
      'setuptools==84.2.1',
      'wheel==0.48.0',
      'tox==4.67.13',
      'pip==26.3',
    ],
    executables: ['devpi', 'pyproject-build', 'tox'],
    installedFor: 'tests',
  },
  // Debian 12 has it; it reads JSON pages, and stumbles over keys that PEP 714 gave up.
  'old-pip': { requirements: ['pip==23.0.1'], executables: ['pip'], installedFor: 'tests' },
  twine: { requirements: ['twine==7.0.0'], executables: ['twine'], installedFor: 'tests' },
  uv: { requirements: ['uv==0.13.8'], executables: ['uv', 'uvx'], installedFor: 'tests' },
  poetry: { requirements: ['poetry==2.5.1'], executables: ['poetry'], installedFor: 'tests' },
  // Its cache needs older ones of these than it asks for.
  pdm: {
    requirements: ['pdm==2.28.2', 'hishel==1.1.10', 'unearth==0.18.3'],
    executables: ['pdm'],
    installedFor: 'tests',
  },
  flit: { requirements: ['flit==4.2.0'], executables: ['flit'], installedFor: 'tests' },
  // `upload` builds from what it tracks, as from git, which every machine has.
  mercurial: { requirements: ['mercurial==7.2.4'], executables: ['hg'], installedFor: 'tests' },
  // Runs what `gen-config` wrote for it.
  supervisor: {
    requirements: ['supervisor==4.3.0', 'setuptools==80.9.0'],
    executables: ['supervisord', 'supervisorctl'],
    installedFor: 'tests',
  },
  sphinx: { requirements: ['sphinx==9.0.4'], executables: ['sphinx-build'], installedFor: 'tests' },
  hatch: { requirements: ['hatch==1.18.2'], executables: ['hatch'], installedFor: 'asked' },
  // Both are WSGI applications; their documentation runs them under gunicorn.
  proxpi: {
    requirements: ['proxpi==1.3.1', 'gunicorn==27.0.1'],
    executables: ['gunicorn'],
    installedFor: 'bench',
  },
  pypiserver: {
    requirements: ['pypiserver[cache]==2.4.2', 'gunicorn==27.0.1'],
    executables: ['pypi-server'],
    installedFor: 'bench',
  },
  peryx: { requirements: ['peryx==2026.1010.0'], executables: ['peryx'], installedFor: 'bench' },
  'devpi-server': {
    // The server whose wire format is the contract, and what its test suites import: the client that they drive, and
    // pytest with what the fixtures ask for. Pyramid imports pkg_resources, which setuptools 82 removed.
    requirements: [
      'devpi-client==7.3.0',
      'devpi-common==4.1.1',
      'devpi-server==6.20.3',
      'setuptools==80.9.0',
      'pytest==8.4.2',
      'pytest-timeout==2.4.0',
      'webtest==3.0.7',
      'beautifulsoup4==4.15.0',
      'packaging-legacy==23.0.post0',
    ],
    executables: ['devpi-server', 'devpi-init', 'pytest'],
    installedFor: 'tests',
  },
  // Another environment: devpi-server shows pages when this is beside it.
  'devpi-web': {
    requirements: ['devpi-web==5.1.1', 'devpi-server==6.20.3', 'setuptools==80.9.0'],
    executables: ['devpi-server', 'devpi-init'],
    installedFor: 'bench',
  },
} as const satisfies Record<string, Client>;

export type ClientName = keyof typeof clients;
/** The program of this client, where several have one of its name. */
export function clientPathIn(name: ClientName, executable: ClientExecutable): string {
  if (!isInstalled(name)) throw new Error(`${name} is not installed; run ${setUpCommand} ${name}`);
  return executablePath(name, executable);
}

export type ClientExecutable = (typeof clients)[ClientName]['executables'][number];

interface DebianPackage {
  readonly executable: string;
  readonly installedFor: 'tests' | 'bench';
}

/** Programs that come from the distribution, by Debian package name. */
export const debianPackages = {
  nginx: { executable: 'nginx', installedFor: 'tests' },
  chromium: { executable: 'chromium', installedFor: 'tests' },
  // Whoever has tables of cron gets a line in a deployment's.
  cron: { executable: 'crontab', installedFor: 'tests' },
  // Reads the units that `gen-config` wrote, also where it does not run.
  systemd: { executable: 'systemd-analyze', installedFor: 'tests' },
  // Completion is tried in the shells themselves; bash is everywhere.
  zsh: { executable: 'zsh', installedFor: 'tests' },
  fish: { executable: 'fish', installedFor: 'tests' },
  wrk: { executable: 'wrk', installedFor: 'bench' },
  // A keyring such as a desktop has.
  dbus: { executable: 'dbus-run-session', installedFor: 'tests' },
  'gnome-keyring': { executable: 'gnome-keyring-daemon', installedFor: 'tests' },
  'libsecret-tools': { executable: 'secret-tool', installedFor: 'tests' },
  // What builders confine builds with.
  bubblewrap: { executable: 'bwrap', installedFor: 'tests' },
} as const satisfies Record<string, DebianPackage>;

export type DebianExecutable = (typeof debianPackages)[keyof typeof debianPackages]['executable'];

export const clientsDirectory = join(import.meta.dirname, '..', '..', '.cache', 'clients');

const setUpCommand = 'node test/support/install-clients.ts';

/** The absolute path of a program that `install-clients.ts` installed; throws with the command to run if it did not. */
export function clientPath(executable: ClientExecutable): string {
  const name = clientNames().find((each) => clients[each].executables.some((one) => one === executable));
  if (name === undefined) throw new Error(`no client in test/support/clients.ts provides \`${executable}\``);
  if (!isInstalled(name)) {
    const argument = clients[name].installedFor === 'tests' ? '' : ` ${name}`;
    throw new Error(`\`${executable}\` is not installed; run ${setUpCommand}${argument}`);
  }
  return executablePath(name, executable);
}

/** The absolute path of a program from `debianPackages`; throws with the command to run if the machine lacks it. */
export function debianPath(executable: DebianExecutable): string {
  const found = findProgram(executable);
  if (found === undefined) {
    throw new Error(
      `\`${executable}\` is not on this machine; run ${setUpCommand} --bench as root on Debian`,
    );
  }
  return found;
}

/** Looks through PATH and the directories of system programs, which an ordinary user's PATH leaves out. */
export function findProgram(executable: string): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return directories.map((directory) => join(directory, executable)).find((path) => existsSync(path));
}

/** True when the environment was finished with exactly these requirements and its Python still exists. */
export function isInstalled(name: ClientName): boolean {
  const needed = ['python', ...clients[name].executables];
  return (
    readStamp(name) === requirementsHash(name) &&
    needed.every((executable) => existsSync(executablePath(name, executable)))
  );
}

export function clientNames(): ClientName[] {
  return Object.keys(clients) as ClientName[];
}

export function executablePath(name: ClientName, executable: string): string {
  return join(clientsDirectory, name, 'bin', executable);
}

/** Written last, so an interrupted installation is done again. */
export function stampPath(name: ClientName): string {
  return join(clientsDirectory, name, 'requirements.sha256');
}

export function requirementsHash(name: ClientName): string {
  return createHash('sha256').update(clients[name].requirements.join('\n')).digest('hex');
}

function readStamp(name: ClientName): string | undefined {
  try {
    return readFileSync(stampPath(name), 'utf8').trim();
  } catch {
    return undefined;
  }
}
