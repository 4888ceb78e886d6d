// Installs the real programs that tests and benchmarks run.
//
//   node test/support/install-clients.ts            what the tests need
//   node test/support/install-clients.ts --bench    and the peers and tools that benchmarks need
//   node test/support/install-clients.ts NAME ...   these clients only, whatever they are for
//
// Running it again is cheap: a stamp in each environment holds the hash of its requirements.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import {
  clientNames,
  clients,
  clientsDirectory,
  debianPackages,
  executablePath,
  findProgram,
  isInstalled,
  requirementsHash,
  stampPath,
  type ClientName,
} from './clients.ts';
import type * as runCommand from './run-command.ts';

type RunChecked = typeof runCommand.runChecked;

/** A failure whose message is for the reader: what is missing and what to do about it. */
class SetUpError extends Error {}

const parallelInstallations = 2;

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function main(argv: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { bench: { type: 'boolean', default: false } },
  });
  const missingClients = chooseClients(positionals, values.bench).filter((name) => !isInstalled(name));
  const missingPackages = positionals.length > 0 ? [] : choosePackages(values.bench).filter(isMissing);
  if (missingClients.length === 0 && missingPackages.length === 0) return;

  // Imported only now: a set-up that has nothing to do stays below 100 ms.
  const { runChecked } = await import('./run-command.ts');
  await installPackages(runChecked, missingPackages);
  await installClients(runChecked, missingClients);
}

function chooseClients(asked: readonly string[], bench: boolean): ClientName[] {
  const unknown = asked.filter((name) => !Object.hasOwn(clients, name));
  if (unknown.length > 0) {
    throw new SetUpError(
      `error: unknown client ${unknown.join(', ')}\nhint: known are ${clientNames().join(', ')}`,
    );
  }
  return clientNames().filter((name) => {
    if (asked.length > 0) return asked.includes(name);
    const { installedFor } = clients[name];
    return installedFor === 'tests' || (bench && installedFor === 'bench');
  });
}

type PackageName = keyof typeof debianPackages;

function choosePackages(bench: boolean): PackageName[] {
  const names = Object.keys(debianPackages) as PackageName[];
  return names.filter((name) => bench || debianPackages[name].installedFor === 'tests');
}

function isMissing(name: PackageName): boolean {
  return findProgram(debianPackages[name].executable) === undefined;
}

/** Without root or apt this only says what is missing: whoever needs the program fails with the same hint. */
async function installPackages(runChecked: RunChecked, names: readonly PackageName[]): Promise<void> {
  if (names.length === 0) return;
  const aptGet = findProgram('apt-get');
  if (aptGet === undefined || process.getuid?.() !== 0) {
    say(`missing: ${names.join(', ')}`);
    say(`hint: as root on Debian, run apt-get install ${names.join(' ')}`);
    return;
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await step('apt-get update', () => runChecked([aptGet, 'update'], { env }));
  await step(`apt-get install ${names.join(' ')}`, () =>
    runChecked([aptGet, 'install', '--yes', '--no-install-recommends', ...names], { env }),
  );
}

async function installClients(runChecked: RunChecked, names: readonly ClientName[]): Promise<void> {
  if (names.length === 0) return;
  await requireVenv(runChecked);
  await mkdir(clientsDirectory, { recursive: true });
  // One recent pip fills all environments; only its own is made with the pip that Python brings.
  if (!isInstalled('pip')) await step(describe('pip'), () => installPip(runChecked));
  const waiting = names.filter((name) => name !== 'pip');
  const workers = Array.from({ length: parallelInstallations }, async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const next = name;
      await step(describe(next), () => installClient(runChecked, next));
    }
  });
  await Promise.all(workers);
}

async function requireVenv(runChecked: RunChecked): Promise<void> {
  if (findProgram('python3') === undefined) {
    throw new SetUpError(
      'error: python3 is not on this machine\nhint: on Debian, apt-get install python3-venv',
    );
  }
  try {
    await runChecked(['python3', '-c', 'import venv, ensurepip']);
  } catch (error) {
    const hint = 'hint: on Debian, apt-get install python3-venv';
    throw new SetUpError(`error: this python3 has no venv or no pip\n${hint}`, { cause: error });
  }
}

async function installPip(runChecked: RunChecked): Promise<void> {
  await makeEnvironment(runChecked, 'pip', []);
  const python = executablePath('pip', 'python');
  await runChecked([python, '-m', 'pip', 'install', '--quiet', ...clients.pip.requirements]);
  await writeStamp('pip');
}

async function installClient(runChecked: RunChecked, name: ClientName): Promise<void> {
  await makeEnvironment(runChecked, name, ['--without-pip']);
  const target = executablePath(name, 'python');
  const pip = [executablePath('pip', 'python'), '-m', 'pip', '--python', target];
  await runChecked([
    ...pip,
    'install',
    '--quiet',
    '--disable-pip-version-check',
    ...clients[name].requirements,
  ]);
  await writeStamp(name);
}

async function makeEnvironment(runChecked: RunChecked, name: ClientName, flags: string[]): Promise<void> {
  const directory = `${clientsDirectory}/${name}`;
  await rm(directory, { recursive: true, force: true });
  await runChecked(['python3', '-m', 'venv', ...flags, directory]);
}

async function writeStamp(name: ClientName): Promise<void> {
  await writeFile(stampPath(name), `${requirementsHash(name)}\n`);
}

function describe(name: ClientName): string {
  return `install ${clients[name].requirements.join(' ')}`;
}

/** One line when it is done; a failure says which step it was and shows the end of its output. */
async function step(title: string, action: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  try {
    await action();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SetUpError(`error: could not ${title}\n${reason}`, { cause: error });
  }
  say(`${title} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
