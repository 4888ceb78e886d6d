import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { debianPath } from './clients.ts';

export interface Nginx extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
}

const START_LIMIT_MS = 15_000;

/**
 * Runs nginx with these lines inside its only `server { }`, in front of whatever they say; `around` are lines beside it, told a
 * directory that is theirs. Its files are below `parent`.
 */
export async function startNginx(
  lines: (port: number) => readonly string[],
  around: (directory: string) => readonly string[] = () => [],
  parent = tmpdir(),
): Promise<Nginx> {
  const directory = await mkdtemp(join(parent, 'wheelhouse-nginx-'));
  const port = await findFreePort();
  const path = join(directory, 'nginx.conf');
  await writeFile(path, renderConfig(directory, port, lines(port), around(directory)));
  const child = execa(debianPath('nginx'), ['-e', join(directory, 'error.log'), '-c', path], {
    reject: false,
    stdin: 'ignore',
  });

  async function dispose(): Promise<void> {
    child.kill('SIGTERM');
    await child;
    await rm(directory, { recursive: true, force: true });
  }

  const ended = child.then(async ({ stderr }) => {
    const log = await readFile(join(directory, 'error.log'), 'utf8').catch(() => '');
    throw new Error(`nginx ended before it answered\n${stderr}\n${log}`);
  });
  ended.catch(() => undefined);
  try {
    await Promise.race([ended, untilItAnswers(`http://127.0.0.1:${port}/ready`)]);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: dispose };
}

function renderConfig(
  directory: string,
  port: number,
  lines: readonly string[],
  around: readonly string[],
): string {
  const temporaryPaths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${directory}/${name};`,
  );
  // Started by root, nginx would serve as nobody, who may not look into a private temporary directory.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  return `${user}daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
events { worker_connections 256; }
http {
${temporaryPaths.join('\n')}
  access_log off;
${around.map((line) => `  ${line}\n`).join('')}  server {
    listen 127.0.0.1:${port};
    location = /ready { return 204; }
${lines.map((line) => `    ${line}`).join('\n')}
  }
}
`;
}

async function untilItAnswers(url: string): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`no answer from ${url}`, { cause: error });
    }
    await sleep(20);
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
