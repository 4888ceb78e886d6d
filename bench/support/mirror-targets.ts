import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clientPath } from '#test/clients.ts';
import { runChecked } from '#test/run-command.ts';
import { createUser, putIndex, startIndexServer, type UploadIndex } from './index-server.ts';
import { startCachingNginx } from './nginx.ts';
import { findFreePort, startServer, type Server } from './server.ts';

export const mirrorTargetNames = ['wheelhouse', 'nginx', 'peryx', 'devpi', 'proxpi', 'pypiserver'] as const;
export type MirrorTargetName = (typeof mirrorTargetNames)[number];

/** A server that mirrors the fixture upstream. Paths end in a slash. */
export interface Mirror {
  readonly server: Server;
  /** The simple API that an installer is given: a private index over the mirror where there is such a thing. */
  readonly path: string;
  /** The simple API of the mirror alone. */
  readonly mirrorPath: string;
  /** Private indexes, nearest first, all below the one at `mergedPath`; empty where there are none. */
  readonly stages: readonly UploadIndex[];
  readonly mergedPath: string | undefined;
}

const STAGES = ['first', 'second', 'third', 'fourth'];

/** Starts a server with nothing cached, in the settings that its documentation gives for production. */
export async function startMirror(
  name: MirrorTargetName,
  directory: string,
  upstreamUrl: string,
): Promise<Mirror> {
  await mkdir(directory, { recursive: true });
  return await starters[name](directory, `${upstreamUrl}/simple/`);
}

type Start = (directory: string, upstream: string) => Promise<Mirror>;

const startDevpiLike =
  (name: 'wheelhouse' | 'devpi'): Start =>
  async (directory, upstream) => {
    const server = await startIndexServer(name, directory);
    const session = await createUser(server);
    await putIndex(server, session, 'mirror', { type: 'mirror', mirror_url: upstream, volatile: true });
    await putIndex(server, session, 'index', { bases: ['bench/mirror'], volatile: true });
    const stages: UploadIndex[] = [];
    for (const stage of STAGES) {
      const url = await putIndex(server, session, stage, { volatile: true });
      stages.push({ url, headers: session });
    }
    const bases = [...STAGES, 'mirror'].map((each) => `bench/${each}`);
    await putIndex(server, session, 'merged', { bases, mirror_whitelist: ['*'], volatile: true });
    return {
      server,
      path: '/bench/index/+simple/',
      mirrorPath: '/bench/mirror/+simple/',
      stages,
      mergedPath: '/bench/merged/+simple/',
    };
  };

const UPLOAD_SECRET = 'a long benchmark secret';

const startPeryx: Start = async (directory, upstream) => {
  const program = clientPath('peryx');
  const { stdout } = await runChecked([program, '--version']);
  const port = await findFreePort();
  const configPath = join(directory, 'peryx.toml');
  await writeFile(configPath, renderPeryxConfig(upstream));
  const server = await startServer({
    name: 'peryx',
    version: stdout.trim().replace(/^peryx /, ''),
    port,
    directory,
    argv: [
      program,
      'serve',
      '--log-level',
      'warn',
      '--config',
      configPath,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--data-dir',
      join(directory, 'data'),
    ],
    readyPath: '/+status',
  });
  const authorization = `Basic ${Buffer.from(`__token__:${UPLOAD_SECRET}`).toString('base64')}`;
  return {
    server,
    path: '/index/simple/',
    mirrorPath: '/mirror/simple/',
    stages: STAGES.map((stage) => ({ url: `${server.url}/${stage}`, headers: { authorization } })),
    mergedPath: '/merged/simple/',
  };
};

function renderPeryxConfig(upstream: string): string {
  const index = (name: string, rest: string) => `[[index]]\necosystem = "pypi"\nname = "${name}"\n${rest}\n`;
  const token = `\n[[index.access_token]]\nname = "upload"\nsecret = "${UPLOAD_SECRET}"\nactions = ["write", "delete"]\n`;
  const layers = (names: readonly string[]) => `layers = ${JSON.stringify(names)}\n`;
  return [
    index('mirror', `\n[[index.upstream]]\nname = "primary"\nurl = "${upstream}"\n`),
    index('own', `hosted = true\n${token}`),
    ...STAGES.map((stage) => index(stage, `hosted = true\n${token}`)),
    index('index', layers(['own', 'mirror'])),
    index('merged', layers([...STAGES, 'mirror'])),
  ].join('\n');
}

/** As its container image runs it: one gunicorn worker with two threads. */
const startProxpi: Start = async (directory, upstream) => {
  const port = await findFreePort();
  const server = await startServer({
    name: 'proxpi',
    version: await readVersion('gunicorn', 'proxpi'),
    port,
    directory,
    argv: [
      clientPath('gunicorn'),
      '--preload',
      '--logger-class',
      'proxpi.server._GunicornLogger',
      '--bind',
      `127.0.0.1:${port}`,
      '--threads',
      '2',
      'proxpi.server:app',
    ],
    env: {
      PROXPI_INDEX_URL: upstream,
      PROXPI_CACHE_DIR: join(directory, 'cache'),
      // As everybody here: no line for each request.
      PROXPI_LOGGING_LEVEL: 'WARNING',
    },
    readyPath: '/health',
  });
  return { server, path: '/index/', mirrorPath: '/index/', stages: [], mergedPath: undefined };
};

/** Serves a directory; what it does not have is a redirect to upstream. */
const startPypiserver: Start = async (directory, upstream) => {
  const program = clientPath('pypi-server');
  const { stdout } = await runChecked([program, '--version']);
  const port = await findFreePort();
  const packages = join(directory, 'packages');
  await mkdir(packages, { recursive: true });
  const server = await startServer({
    name: 'pypiserver',
    version: stdout.trim().replace(/^.* /, ''),
    port,
    directory,
    argv: [
      program,
      'run',
      '--interface',
      '127.0.0.1',
      '--port',
      String(port),
      '--server',
      'gunicorn',
      '--fallback-url',
      upstream,
      packages,
    ],
    readyPath: '/health',
  });
  return { server, path: '/simple/', mirrorPath: '/simple/', stages: [], mergedPath: undefined };
};

const startNginx: Start = async (directory, upstream) => {
  const server = await startCachingNginx(directory, new URL(upstream).host);
  return { server, path: '/simple/', mirrorPath: '/simple/', stages: [], mergedPath: undefined };
};

const starters: Readonly<Record<MirrorTargetName, Start>> = {
  wheelhouse: startDevpiLike('wheelhouse'),
  nginx: startNginx,
  peryx: startPeryx,
  devpi: startDevpiLike('devpi'),
  proxpi: startProxpi,
  pypiserver: startPypiserver,
};

/** Of a distribution in the environment of one of its programs. */
async function readVersion(executable: 'gunicorn', distribution: string): Promise<string> {
  const python = join(clientPath(executable), '..', 'python');
  const script = `import importlib.metadata as m; print(m.version(${JSON.stringify(distribution)}))`;
  return (await runChecked([python, '-c', script])).stdout.trim();
}
