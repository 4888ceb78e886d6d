import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { createIndex, listPage } from '#test/index-api.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

type Index = Awaited<ReturnType<typeof createIndex>>;

async function writeProject(session: ClientSession, code: string): Promise<void> {
  const lines = [
    '[build-system]',
    'requires = ["flit_core >=3.11,<5"]',
    'build-backend = "flit_core.buildapi"',
    '[project]',
    'name = "flute"',
    'version = "1.0"',
    'description = "a flute"',
  ];
  await session.write('pyproject.toml', `${lines.join('\n')}\n`);
  await session.write('flute.py', `"""a flute"""\n${code}\n`);
}

async function publish(session: ClientSession, index: Index) {
  const env = { FLIT_INDEX_URL: `${index.url}/`, FLIT_USERNAME: index.user, FLIT_PASSWORD: index.password };
  return await session.run('flit', ['publish', '--no-use-vcs'], { env });
}

it('builds and publishes a wheel and an sdist', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'anna/dev');
  await writeProject(session, 'holes = 6');

  const { exitCode, stderr } = await publish(session, index);

  expect(exitCode, stderr).toBe(0);
  const offered = (await listPage(index, 'flute')).map(({ filename }) => filename);
  expect(offered.toSorted()).toEqual(['flute-1.0-py2.py3-none-any.whl', 'flute-1.0.tar.gz']);
});

it('is told why other bytes and a wrong password are refused', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'berta/prod', { volatile: false });
  await writeProject(session, 'holes = 6');
  expect((await publish(session, index)).exitCode).toBe(0);

  const again = await publish(session, index);
  await writeProject(session, 'holes = 7');
  const changed = await publish(session, index);
  const wrong = await publish(session, { ...index, password: 'wrong' });

  expect(again.exitCode, again.stderr).toBe(0);
  expect(changed.exitCode).toBe(1);
  expect(changed.stderr).toContain(
    '409 Client Error: flute-1.0-py2.py3-none-any.whl already exists in non-volatile index',
  );
  expect(wrong.stderr).toContain('401 Client Error: the user name or the password is wrong');
});
