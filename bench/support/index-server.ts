import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { clientPathIn } from '#test/clients.ts';
import { runChecked } from '#test/run-command.ts';
import { makeProject, requiresPython, type Wheel } from './corpus.ts';
import { excerpt, send, type Answer } from './http.ts';
import { findFreePort, startServer, type Server } from './server.ts';

export const indexServerNames = ['wheelhouse', 'devpi'] as const;
export type IndexServerName = (typeof indexServerNames)[number];

/** Starts a package index with an empty server directory below `directory`. */
export async function startIndexServer(name: IndexServerName, directory: string): Promise<Server> {
  return await (name === 'wheelhouse' ? startWheelhouse(directory) : startDevpi(directory));
}

const projectRoot = join(import.meta.dirname, '..', '..');

/** With nothing configured but what `env` says. */
export async function startWheelhouse(
  directory: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  if (
    !existsSync(join(projectRoot, 'src', 'start.js')) &&
    !existsSync(join(projectRoot, 'dist', 'start.js'))
  ) {
    throw new Error('there is no Wheelhouse to run here; use --targets to measure the others');
  }
  const manifest: unknown = JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8'));
  const port = await findFreePort();
  return await startServer({
    name: 'wheelhouse',
    version: (manifest as { version: string }).version,
    port,
    directory,
    argv: [
      join(projectRoot, 'wheelhouse'),
      'serve',
      '--serverdir',
      join(directory, 'server'),
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
    ],
    // What is mirrored and pushed to is on this machine.
    env: {
      WHEELHOUSE_PACKAGES_MIRROR_PRIVATE_ADDRESSES: 'anyone',
      WHEELHOUSE_PACKAGES_PUSH_PRIVATE_ADDRESSES: 'anyone',
      ...env,
    },
    readyPath: '/+api',
  });
}

/** devpi-server as its documentation starts it, without the mirror: nothing here may leave the machine. */
async function startDevpi(directory: string): Promise<Server> {
  return await startDevpiWith(directory, 'devpi-server');
}

/** The same with devpi-web beside it: then it shows pages to browsers and searches. */
export async function startDevpiWeb(directory: string): Promise<Server> {
  return await startDevpiWith(directory, 'devpi-web');
}

async function startDevpiWith(directory: string, client: 'devpi-server' | 'devpi-web'): Promise<Server> {
  const program = clientPathIn(client, 'devpi-server');
  const serverDirectory = join(directory, 'server');
  await runChecked([clientPathIn(client, 'devpi-init'), '--serverdir', serverDirectory, '--no-root-pypi']);
  const { stdout } = await runChecked([program, '--version']);
  const port = await findFreePort();
  return await startServer({
    name: 'devpi',
    version: stdout.trim(),
    port,
    directory,
    argv: [program, '--serverdir', serverDirectory, '--host', '127.0.0.1', '--port', String(port)],
    readyPath: '/+api',
  });
}

/** How an upload shows who sends it: the session token of devpi-client, or twine's password on every request. */
export type Authentication = 'token' | 'password';

/** An index that this benchmark may upload to. */
export interface UploadIndex {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Who uploads. */
export const account = { user: 'bench', password: 'a long benchmark password' } as const;
const { user, password } = account;

/** Creates a user and an index by devpi's HTTP API. */
export async function createIndex(
  server: Server,
  authentication: Authentication = 'token',
): Promise<UploadIndex> {
  const own = await createUser(server);
  const url = await putIndex(server, own, 'index', { volatile: true });
  const basic = { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
  return { url, headers: authentication === 'token' ? own : basic };
}

/** Headers that show who asks. */
export type Session = Readonly<Record<string, string>>;

/** Creates the one user, whose indexes are `bench/…`. */
export async function createUser(server: Server): Promise<Session> {
  const root = await logIn(server, 'root', '');
  await sendJson(`${server.url}/${user}`, 'PUT', { password }, root);
  return await logIn(server, user, password);
}

/** Creates `bench/NAME` with options as devpi names them; answers with its URL. */
export async function putIndex(
  server: Server,
  session: Session,
  name: string,
  options: Readonly<Record<string, unknown>>,
): Promise<string> {
  const url = `${server.url}/${user}/${name}`;
  await sendJson(url, 'PUT', options, session);
  return url;
}

export async function logIn(server: Server, name: string, secret: string): Promise<Record<string, string>> {
  const answer = await sendJson(`${server.url}/+login`, 'POST', { user: name, password: secret }, {});
  const { result } = JSON.parse(answer.body.toString()) as { result: { password: string } };
  return { 'x-devpi-auth': Buffer.from(`${name}:${result.password}`).toString('base64') };
}

async function sendJson(
  url: string,
  method: string,
  value: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const answer = await send(url, {
    method,
    headers: { ...headers, accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(value),
  });
  if (answer.status >= 300) throw new Error(`${method} ${url}: ${answer.status} ${excerpt(answer.body)}`);
  return answer;
}

export interface UploadBody {
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** The form that twine posts. Made before the clock runs. */
export function uploadBody(wheel: Wheel): UploadBody {
  const boundary = 'wheelhouse-benchmark-boundary-3f9c2b7e';
  const fields = {
    ':action': 'file_upload',
    protocol_version: '1',
    metadata_version: '2.1',
    name: wheel.project,
    version: wheel.version,
    summary: 'made for a benchmark',
    requires_python: requiresPython,
    filetype: 'bdist_wheel',
    pyversion: wheel.pythonTag,
    sha256_digest: wheel.sha256,
  };
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const file =
    `--${boundary}\r\nContent-Disposition: form-data; name="content"; filename="${wheel.filename}"\r\n` +
    'Content-Type: application/octet-stream\r\n\r\n';
  const end = `\r\n--${boundary}--\r\n`;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    bytes: Buffer.concat([Buffer.from(parts.join('') + file), wheel.bytes, Buffer.from(end)]),
  };
}

/** Posts one upload; whether it was accepted is for the caller to see. */
export async function tryUpload(index: UploadIndex, body: UploadBody): Promise<Answer> {
  return await send(`${index.url}/`, {
    method: 'POST',
    headers: { ...index.headers, 'content-type': body.contentType },
    body: body.bytes,
  });
}

export async function upload(index: UploadIndex, body: UploadBody): Promise<void> {
  const answer = await tryUpload(index, body);
  if (answer.status !== 200)
    throw new Error(`upload to ${index.url}: ${answer.status} ${excerpt(answer.body)}`);
}

/** Uploads a whole project and returns what a correct page of it must list: file name to sha256. */
export async function fillProject(
  index: UploadIndex,
  project: string,
  { files, parallel }: { files: number; parallel: number },
): Promise<Map<string, string>> {
  const expected = new Map<string, string>();
  const wheels = makeProject(project, files);
  // Several workers draw from one generator, so at most that many wheels are in memory.
  const workers = Array.from({ length: parallel }, async () => {
    for (let next = wheels.next(); !next.done; next = wheels.next()) {
      expected.set(next.value.filename, next.value.sha256);
      await upload(index, uploadBody(next.value));
    }
  });
  await Promise.all(workers);
  return expected;
}
