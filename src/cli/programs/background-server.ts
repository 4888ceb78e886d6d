import { open, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#kernel/errors/app-error.ts';
import { findProcess } from '#kernel/process/find-process.ts';
import { startDetached } from '#kernel/process/start-detached.ts';
import { cliErrors } from '../errors.ts';

const LOG = 'devpi-server.log';
const PID_FILE = 'devpi-server.pid';
const START_LOCK = 'devpi-server.lock';
const LOG_LINES = 30;
const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 60_000;
const LOOK_MS = 50;

/**
 * Starts devpi-server on a directory in the background, and resolves to its address once it serves. What no list of processes may
 * show is given by variables. Of two that start one at a time, the second is refused: it would write its pid over that of the
 * first, and end.
 */
export async function startInBackground(
  serverdir: string,
  words: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Started> {
  const { lockFile } = await import('#kernel/db/lock-directory.ts');
  const lock = lockFile(join(serverdir, START_LOCK));
  if (lock === undefined) {
    throw new AppError(cliErrors.badBackgroundServer, `another devpi-server --start works on ${serverdir}`, {
      hint: 'devpi-server --status tells when it has ended',
    });
  }
  try {
    return await start(serverdir, words, variables);
  } finally {
    lock.release();
  }
}

interface Started {
  readonly url: string;
  readonly log: string;
}

async function start(
  serverdir: string,
  words: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Started> {
  const running = await findServer(serverdir);
  if (running !== undefined) {
    throw new AppError(cliErrors.badBackgroundServer, `a server is running already with pid ${running}`, {
      hint: 'stop it first: devpi-server --stop',
    });
  }
  const log = join(serverdir, LOG);
  const from = await stat(log).then(
    ({ size }) => size,
    () => 0,
  );
  const launcher = join(dirname(dirname(process.argv[1] ?? '')), 'wheelhouse');
  const pid = await startDetached([launcher, '--called-as', 'devpi-server', ...words], {
    logFile: log,
    variables,
  });
  const started = (await findProcess(pid)) ?? '';
  await remember(serverdir, pid, started);
  const deadline = performance.now() + START_LIMIT_MS;
  for (;;) {
    const said = (await readFile(log)).subarray(from).toString();
    const url = /^serving at url: (\S+)$/m.exec(said)?.[1];
    if (url !== undefined) return { url, log };
    const isThere = started !== '' && (await findProcess(pid)) === started;
    if (isThere && performance.now() < deadline) {
      await sleep(LOOK_MS);
      continue;
    }
    if (!isThere) await rm(join(serverdir, PID_FILE), { force: true });
    throw new AppError(
      cliErrors.badBackgroundServer,
      `the server ${isThere ? 'does not say that it serves' : 'ended at once'}:\n${said.trim()}`,
      { hint: `its log is ${log}` },
    );
  }
}

/** Ends the server of a directory as an operator does; resolves to its pid when it has ended, undefined if none ran. */
export async function stopInBackground(serverdir: string): Promise<number | undefined> {
  const pid = await findServer(serverdir);
  if (pid === undefined) return undefined;
  process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + STOP_LIMIT_MS;
  while ((await findServer(serverdir)) !== undefined) {
    if (performance.now() > deadline) {
      throw new AppError(cliErrors.badBackgroundServer, `the server with pid ${pid} does not end`, {
        hint: `what it waits for may be in ${join(serverdir, LOG)}`,
      });
    }
    await sleep(LOOK_MS);
  }
  await rm(join(serverdir, PID_FILE), { force: true });
  return pid;
}

/** The pid of the server that was started in the background on a directory, if it still runs. */
export async function findServer(serverdir: string): Promise<number | undefined> {
  const text = await readFile(join(serverdir, PID_FILE), 'utf8').catch(() => '');
  const [, pid, started] = /^(\d+) (.+)$/m.exec(text) ?? [];
  return pid !== undefined && (await findProcess(Number(pid))) === started ? Number(pid) : undefined;
}

/** The end of what servers that were started in the background have printed. */
export async function lastLines(serverdir: string): Promise<string> {
  const text = await readFile(join(serverdir, LOG), 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-LOG_LINES).join('\n');
}

async function remember(serverdir: string, pid: number, started: string): Promise<void> {
  const file = await open(join(serverdir, PID_FILE), 'w', 0o600);
  try {
    await file.writeFile(`${pid} ${started}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}
