import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { run } from '#kernel/process/run.ts';
import { clientPath } from '../support/clients.ts';
import { cleanEnvironment } from '../support/clean-environment.ts';
import type { Outcome } from './expectations.ts';
import { suiteLog, type Suite } from './suites.ts';

const links = join(import.meta.dirname, 'bin');
const testTimeoutSeconds = 60;
const suiteTimeoutMs = 600_000;

/** pytest's exit codes for a run in which every test had its turn. */
const RAN = [0, 1];

/** Runs a suite against the server of this tree and resolves to what became of each test. */
export async function runSuite(suite: Suite): Promise<Outcome[]> {
  const directory = await mkdtemp(join(tmpdir(), 'devpi-suite-'));
  try {
    const outcomes = join(directory, 'outcomes.jsonl');
    const pytest = clientPath('pytest');
    const report = ['-p', 'outcomes', '--outcomes', outcomes, '--tb', 'short'];
    const nothingLeft = ['-p', 'no:cacheprovider', '--basetemp', join(directory, 'tmp')];
    const limits = ['--timeout', String(testTimeoutSeconds), '--rootdir', suite.cwd];
    const result = await run([pytest, ...report, ...nothingLeft, ...limits, suite.path], {
      cwd: suite.cwd,
      env: environment(suite, directory, dirname(pytest)),
      timeoutMs: suiteTimeoutMs,
    });
    await writeFile(suiteLog(suite), result.stdout + result.stderr);
    if (!RAN.includes(result.exitCode ?? -1)) {
      const end = result.stdout.split('\n').slice(-30).join('\n');
      throw new Error(`pytest exited with ${result.exitCode} on the ${suite.name} suite\n${end}`);
    }
    const lines = (await readFile(outcomes, 'utf8')).trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Outcome);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function environment(suite: Suite, directory: string, programs: string): Record<string, string> {
  return {
    ...cleanEnvironment,
    // The suites start the first devpi-server and devpi-init on PATH: ours, not those of the Python environment.
    PATH: [links, programs, cleanEnvironment['PATH']].join(delimiter),
    PYTHONPATH: suite.pythonPath.join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    HOME: directory,
    // Most files that the suites upload are a few bytes under the name of an archive.
    WHEELHOUSE_PACKAGES_ARCHIVE_CHECK: 'warn',
    // Their upstreams are on this machine, and users mirror them.
    WHEELHOUSE_PACKAGES_MIRROR_PRIVATE_ADDRESSES: 'anyone',
    // As with today's devpi, in the place of 1.x, whose names the programs have.
    WHEELHOUSE_PACKAGES_DEFAULT_BASES: '',
    // They look at users as strangers.
    WHEELHOUSE_ACCOUNTS_USER_DETAIL_READERS: 'anyone',
    // The suites log in all the time.
    WHEELHOUSE_ACCOUNTS_ARGON2_MEMORY_KIB: '64',
  };
}
