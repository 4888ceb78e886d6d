import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { cleanEnvironment } from './clean-environment.ts';

/** The launcher of this checkout. */
export const launcher = join(import.meta.dirname, '..', '..', 'wheelhouse');

export interface ServerOptions {
  /** Another program than the launcher of this checkout. */
  readonly program?: string;
  /** Kept afterwards; without it a temporary directory is made and removed. */
  readonly serverdir?: string;
  /** More arguments of `wheelhouse serve`; by default it serves on a free port of 127.0.0.1. */
  readonly arguments?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

/** A `wheelhouse serve` process. */
export interface ServerProcess extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  readonly serverdir: string;
  readonly pid: number;
  /** What it wrote to stderr so far: the log as JSON lines, unless the settings say otherwise. */
  stderr(): string;
  /** Fields of the log lines so far. */
  log(): Readonly<Record<string, unknown>>[];
  /** Ends it as an operator does, with SIGTERM unless told otherwise. */
  stop(signal?: 'SIGTERM' | 'SIGINT'): Promise<Ended>;
  /** Ends it as a power cut does: kill -9. */
  kill(): Promise<Ended>;
  /** How it ended, when it has. */
  readonly ended: Promise<Ended>;
}

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 30_000;

/** Starts the real program and waits until it says where it serves; throws with its stderr if it does not. */
export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const serverdir = options.serverdir ?? (await mkdtemp(join(tmpdir(), 'wheelhouse-server-')));
  const where = ['--serverdir', serverdir, '--host', '127.0.0.1', '--port', '0'];
  const child = execa(options.program ?? launcher, ['serve', ...where, ...(options.arguments ?? [])], {
    reject: false,
    buffer: false,
    stdin: 'ignore',
    // A server that does not end by itself must be seen, not helped along.
    forceKillAfterDelay: false,
    extendEnv: false,
    env: { ...serverEnvironment, ...options.env },
  });
  let stderr = '';
  const greeted = Promise.withResolvers<string>();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    const url = /^\{.*"url":"([^"]+)".*"msg":"serving"\}$|^Wheelhouse serves on (\S+) /m
      .exec(stderr)
      ?.slice(1)
      .find(Boolean);
    if (url !== undefined) greeted.resolve(url);
  });
  child.stdout.resume();
  const ended = child.then(({ exitCode, signal }): Ended => ({ exitCode, signal }));
  void ended.then(({ exitCode, signal }) =>
    greeted.reject(new Error(`the server ended (${exitCode ?? signal}) before it served\n${stderr}`)),
  );
  const limit = setTimeout(
    () => greeted.reject(new Error(`the server does not say where it serves\n${stderr}`)),
    START_LIMIT_MS,
  );

  async function end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<Ended> {
    child.kill(signal);
    const patience = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    try {
      return await ended;
    } finally {
      clearTimeout(patience);
    }
  }

  async function dispose(): Promise<void> {
    await end('SIGTERM');
    if (options.serverdir === undefined) await rm(serverdir, { recursive: true, force: true });
  }

  try {
    const url = await greeted.promise;
    return {
      url,
      serverdir,
      pid: child.pid as number,
      ended,
      stderr: () => stderr,
      log: () => stderr.split('\n').filter(isJson).map(parseFields),
      stop: (signal = 'SIGTERM') => end(signal),
      kill: () => end('SIGKILL'),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  } finally {
    clearTimeout(limit);
  }
}

/** What a server of the tests runs with: nothing of the machine, and passwords that are hashed in no time. */
export const serverEnvironment: Readonly<Record<string, string>> = {
  ...cleanEnvironment,
  WHEELHOUSE_ACCOUNTS_ARGON2_MEMORY_KIB: '64',
  // A fresh server mirrors PyPI, and showing that index fetches the names of all its projects. No test may ask for
  // them: the setting forbids it, and a proxy that is not there forbids it once more.
  WHEELHOUSE_OFFLINE: 'yes',
  // Upstreams of tests are at 127.0.0.1, and users mirror them.
  WHEELHOUSE_PACKAGES_MIRROR_PRIVATE_ADDRESSES: 'anyone',
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
};

/**
 * Paths of the requests that went past the caches, in order; all methods but GET and HEAD unless the server logs at
 * `debug`. What is asked for the first time is always among them.
 */
export function requestedPaths(server: Pick<ServerProcess, 'log'>): string[] {
  return server
    .log()
    .filter(({ msg }) => msg === 'request')
    .map(({ url }) => String(url));
}

function isJson(line: string): boolean {
  return line.startsWith('{') && line.endsWith('}');
}

function parseFields(line: string): Readonly<Record<string, unknown>> {
  return JSON.parse(line) as Readonly<Record<string, unknown>>;
}
