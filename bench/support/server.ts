import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { send } from './http.ts';
import { onServerCore } from './machine.ts';

/** A running program under test, alone on its core. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  readonly version: string;
  /** Without a slash at the end. */
  readonly url: string;
  readonly pid: number;
}

export interface ServerProgram {
  readonly name: string;
  readonly version: string;
  readonly port: number;
  readonly directory: string;
  readonly argv: readonly string[];
  /** Besides what this process has. */
  readonly env?: Readonly<Record<string, string>>;
  /** Answers below 500 when the server is ready. */
  readonly readyPath: string;
}

const startLimitMs = 60_000;
const stopLimitMs = 10_000;

/** Starts a program on the servers' core and waits until it answers. */
export async function startServer(program: ServerProgram): Promise<Server> {
  await mkdir(program.directory, { recursive: true });
  const logPath = join(program.directory, `${program.name}.log`);
  const [file, ...rest] = onServerCore(program.argv);
  const child = execa(file!, rest, {
    reject: false,
    stdin: 'ignore',
    all: true,
    buffer: false,
    ...(program.env !== undefined && { env: program.env }),
    forceKillAfterDelay: stopLimitMs,
  });
  child.all.pipe(createWriteStream(logPath));
  const ended = child.then((result) => result.exitCode ?? result.signal ?? 'unknown');
  const url = `http://127.0.0.1:${program.port}`;
  await Promise.race([
    answers(url + program.readyPath),
    ended.then(async (reason) => {
      const log = (await readFile(logPath, 'utf8')).split('\n').slice(-20).join('\n');
      throw new Error(`${program.name} ended (${reason}) before it answered\n${log}`);
    }),
  ]);
  if (child.pid === undefined) throw new Error(`${program.name} did not start`);
  return {
    name: program.name,
    version: program.version,
    url,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function answers(url: string): Promise<void> {
  const deadline = performance.now() + startLimitMs;
  for (;;) {
    try {
      if ((await send(url)).status < 500) return;
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`no answer from ${url}`, { cause: error });
    }
    await sleep(50);
  }
}

/** A port that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const probe = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  probe.once('error', reject);
  probe.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = probe.address();
  probe.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
