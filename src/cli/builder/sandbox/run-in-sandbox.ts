import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { environment } from '#kernel/config/environment.ts';
import { startWatched } from '#kernel/process/start-watched.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../../errors.ts';
import type { Python } from '../find-pythons.ts';
import type { BuildLimits, LimitHit } from '../limits.ts';
import { bubblewrapArguments, INSIDE } from './bubblewrap.ts';
import { collectLog } from './collect-log.ts';
import { RELAY_PROGRAM } from './relay-program.ts';
import { seccompFilter } from './seccomp.ts';
import { supervise } from './supervise.ts';

export interface Sandboxed {
  readonly python: Python;
  /** The arguments of the interpreter. */
  readonly argv: readonly string[];
  /** Beside what every sandbox sets. */
  readonly env: Readonly<Record<string, string>>;
  /** A directory for this sandbox alone; it is made, and what the program leaves is in `build` below it. */
  readonly directory: string;
  /** Files and directories of the host that it may read, by their paths inside. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The Unix socket that leads to the index; without one there is no network at all. */
  readonly indexSocket: string;
  readonly limits: BuildLimits;
  /** Builds that run at once have different ones. */
  readonly slot: number;
  readonly onLine: (line: string) => void;
  /** Aborting kills everything. */
  readonly signal: AbortSignal;
}

export interface SandboxResult {
  /** 128 and more where a signal ended it. */
  readonly exitCode: number;
  readonly limit?: LimitHit;
  readonly seconds: number;
  /** The most that was seen at one time. */
  readonly peakMemoryBytes: number;
  /** The last lines of what it printed. */
  readonly tail: readonly string[];
}

/** The port of the index on every sandbox's own loopback. */
export const INDEX_PORT = 3141;
const FIRST_UID = 64000;

/**
 * Runs the interpreter in a sandbox of its own and resolves when nothing of it is left, whatever became of it. Throws the reason of the signal, and
 * `cli.program-failed` if this machine cannot make a sandbox.
 */
export async function runInSandbox(sandboxed: Sandboxed): Promise<SandboxResult> {
  const { python, limits, signal, directory } = sandboxed;
  signal.throwIfAborted();
  const uid = process.getuid?.() === 0 ? FIRST_UID + sandboxed.slot : undefined;
  const mounts = { ...(await makeDirectories(directory, uid)), prefixes: python.prefixes };
  const filter = seccompFilter(python.platform);
  const relay = [python.executable, '-I', '-c', RELAY_PROGRAM, String(INDEX_PORT), INSIDE.socket];
  const argv = bubblewrapArguments([...relay, python.executable, ...sandboxed.argv], {
    mounts: { ...mounts, inputs: { [INSIDE.socket]: sandboxed.indexSocket, ...sandboxed.inputs } },
    env: { ...sandboxEnvironment(python), ...sandboxed.env },
    limits,
    uid,
    hasFilter: filter !== undefined,
  });
  const env = { PATH: environment['PATH'] ?? '/usr/bin:/bin' };
  const bwrap = await startWatched(argv, { env, pipes: filter === undefined ? 2 : 3 }).catch(
    (cause: unknown) => {
      throw noSandbox('bubblewrap cannot be started', cause);
    },
  );
  const [info, block, seccomp] = bwrap.pipes;
  seccomp?.end(filter);
  const startedAt = performance.now();
  const log = collectLog([bwrap.stdout, bwrap.stderr], limits.logBytes, sandboxed.onLine);
  const pid = await firstProcess(info);
  const supervised = supervise({ bwrap, pid, directory, limits, signal });
  // It has waited for that, so that nothing has begun before it is watched.
  block?.end('go');
  const [{ exitCode, limit, peakMemoryBytes }, { tail }] = await Promise.all([supervised, log]);
  signal.throwIfAborted();
  const [only = ''] = tail;
  if (pid === undefined || (exitCode !== 0 && tail.length === 1 && OF_THE_SANDBOX.test(only)))
    throw noSandbox(only === '' ? 'bubblewrap has ended and says nothing' : only);
  const seconds = (performance.now() - startedAt) / 1000;
  return { exitCode, ...(limit !== undefined && { limit }), seconds, peakMemoryBytes, tail };
}

/** What says that there is no sandbox, before anything of the project runs and pip prints its first line. */
const OF_THE_SANDBOX = /^(?:bwrap|prlimit|setpriv): /;

function noSandbox(sentence: string, cause?: unknown): AppError {
  return new AppError(cliErrors.programFailed, `this machine cannot make a sandbox: ${sentence}`, {
    cause,
    hint: 'builds need bubblewrap and util-linux (on Debian, apt-get install bubblewrap), and either root or user namespaces for everybody',
  });
}

/** bwrap says it as soon as it has made the namespaces; undefined if it could not. */
async function firstProcess(info: Readable | undefined): Promise<number | undefined> {
  let text = '';
  for await (const chunk of info ?? []) {
    text += String(chunk);
    if (text.length > 4096) break;
  }
  const pid = /"child-pid":\s*(\d+)/.exec(text)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

async function makeDirectories(directory: string, uid: number | undefined) {
  await mkdir(directory, { recursive: true });
  // Nobody else comes to what is made below it.
  await chmod(directory, 0o700);
  const places = {
    build: join(directory, 'build'),
    tmp: join(directory, 'tmp'),
    shm: join(directory, 'shm'),
  };
  for (const place of [places.build, places.tmp, places.shm, join(places.build, 'home')]) {
    await mkdir(place, { mode: 0o755 });
    if (uid !== undefined) await chown(place, uid, uid);
  }
  const passwd = join(directory, 'passwd');
  const id = uid ?? 1000;
  await writeFile(passwd, `builder:x:${id}:${id}::${INSIDE.home}:/bin/sh\n`, { mode: 0o644 });
  return { ...places, passwd };
}

function sandboxEnvironment({ executable }: Python): Record<string, string> {
  const programs = executable.slice(0, executable.lastIndexOf('/'));
  return {
    PATH: [...new Set([programs, '/usr/local/bin', '/usr/bin', '/bin'])].join(':'),
    HOME: INSIDE.home,
    USER: 'builder',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    PYTHONHASHSEED: '0',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
  };
}
