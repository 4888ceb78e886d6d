import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { createIndex, listPage, sdistUpload, sha256, wheelUpload } from '#test/index-api.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function twineUpload(
  session: ClientSession,
  index: { readonly url: string; readonly user: string; readonly password: string },
  files: readonly string[],
) {
  const account = ['--username', index.user, '--password', index.password];
  const flags = ['--non-interactive', '--disable-progress-bar'];
  const result = await session.run('twine', [
    'upload',
    ...flags,
    '--repository-url',
    `${index.url}/`,
    ...account,
    ...files,
  ]);
  return { exitCode: result.exitCode, output: result.stdout + result.stderr };
}

it('uploads a wheel and an sdist, which are offered with their hashes', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'anna/dev');
  const uploads = [wheelUpload(), sdistUpload()];
  for (const { filename, bytes } of uploads) await session.write(`dist/${filename}`, bytes);

  const { exitCode, output } = await twineUpload(session, index, ['dist/*']);

  expect(exitCode, output).toBe(0);
  const offered = (await listPage(index, 'demo')).map(({ filename, hashes }) => [filename, hashes['sha256']]);
  expect(offered.toSorted()).toEqual(
    uploads.map(({ filename, bytes }) => [filename, sha256(bytes)]).toSorted(),
  );
});

it('takes the same bytes again, and says why it refuses other ones', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'berta/prod', { volatile: false });
  const { filename, bytes } = wheelUpload();
  const first = await session.write(`first/${filename}`, bytes);
  const other = await session.write(`other/${filename}`, wheelUpload({ description: 'changed' }).bytes);
  expect((await twineUpload(session, index, [first])).exitCode).toBe(0);

  const again = await twineUpload(session, index, [first]);
  const changed = await twineUpload(session, index, [other]);

  expect(again.exitCode, again.output).toBe(0);
  expect(changed.exitCode).toBe(1);
  expect(changed.output).toContain(`${filename} already exists in non-volatile index`);
  expect(await listPage(index, 'demo')).toMatchObject([{ hashes: { sha256: sha256(bytes) } }]);
});

it('says that the password is wrong', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'carla/dev');
  const { filename, bytes } = wheelUpload();
  const file = await session.write(filename, bytes);

  const { exitCode, output } = await twineUpload(session, { ...index, password: 'wrong' }, [file]);

  expect(exitCode).toBe(1);
  expect(output).toContain('the user name or the password is wrong');
  expect(await listPage(index, 'demo')).toEqual([]);
});

it('says that somebody else may not upload', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'dora/dev');
  const stranger = await createIndex(server, 'emil/dev');
  const { filename, bytes } = wheelUpload();
  const file = await session.write(filename, bytes);

  const { exitCode, output } = await twineUpload(session, { ...stranger, url: index.url }, [file]);

  expect(exitCode).toBe(1);
  expect(output).toContain('no permission to submit');
});

it('says what is wrong with an archive', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'frida/dev');
  const record = 'demo-1.0.dist-info/RECORD';
  const { filename, bytes } = wheelUpload({ files: { [record]: `${record},,\n` } });
  const file = await session.write(filename, bytes);

  const { exitCode, output } = await twineUpload(session, index, [file]);

  expect(exitCode).toBe(1);
  expect(output).toContain(`invalid archive '${filename}': 'demo/__init__.py' is not listed in RECORD`);
  expect(await listPage(index, 'demo')).toEqual([]);
});
