import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import {
  credentialsFor,
  forgetCurrent,
  makeLocal,
  readSession,
  writeSession,
  type Session,
} from './session.ts';

const SERVER = 'http://localhost:3141';
const session: Session = {
  version: 1,
  server: SERVER,
  logins: { [SERVER]: [{ user: 'alice', token: 'secret', expiresAt: 1000 }] },
};

test('a session is read as it was written, by its owner alone', async () => {
  await using directory = await makeTemporaryDirectory();
  const path = join(directory.path, 'wheelhouse', 'session.json');

  expect(await readSession({ file: path })).toEqual({ version: 1, logins: {} });
  await writeSession(session, { file: path });
  await writeSession(session, { file: path });

  expect(await readSession({ file: path })).toEqual(session);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  expect(readdirSync(dirname(path))).toEqual(['session.json']);
});

test('a login counts until it expires', async () => {
  expect(await credentialsFor(session, SERVER, 999)).toMatchObject({ kind: 'login', user: 'alice' });
  expect(await credentialsFor(session, SERVER, 1000)).toBeUndefined();
  expect(await credentialsFor(session, 'http://other', 0)).toBeUndefined();
});

test.each([
  ['no JSON', '{"logins": "secret'],
  ['another form', '{"version":1,"logins":"secret"}'],
  ['another version', '{"version":2,"logins":{}}'],
])('a file of %s is explained and not quoted', async (_case, text) => {
  await using directory = await makeTemporaryDirectory();
  const path = join(directory.path, 'session.json');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);

  await expect(readSession({ file: path })).rejects.toMatchObject({
    kind: { code: 'cli.bad-session' },
    message: `${path} is damaged, or of another version`,
    hint: 'remove it, and log in again: wheelhouse login USER',
  });
});

/** What devpi-client writes. */
async function writeDevpiState(directory: string, index: string | null): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(
    join(directory, 'current.json'),
    JSON.stringify({
      index,
      login: `${SERVER}/+login`,
      username: 'alice',
      features: ['server-keyvalue-parsing'],
      always_setcfg: true,
      settrusted: false,
      venvdir: null,
    }),
  );
  const users = [
    ['bob', 'token of bob'],
    ['alice', 'token of alice'],
  ];
  await writeFile(
    join(directory, 'auth.json'),
    JSON.stringify({ auth: { [`${SERVER}/`]: users }, basic_auth: {}, client_cert: {} }),
  );
}

test('what devpi-client knows counts until there is a session', async () => {
  await using directory = await makeTemporaryDirectory();
  const devpiDirectory = join(directory.path, 'devpi');
  const places = { file: join(directory.path, 'session.json'), devpiDirectory };
  await writeDevpiState(devpiDirectory, `${SERVER}/alice/dev/`);

  const found = await readSession(places);

  expect(found).toMatchObject({ version: 1, server: SERVER, index: 'alice/dev', alwaysSetCfg: true });
  expect(found.logins[SERVER]).toMatchObject([
    { user: 'alice', token: 'token of alice' },
    { user: 'bob', token: 'token of bob' },
  ]);
  expect(await credentialsFor(found, SERVER)).toMatchObject({ user: 'alice' });
  expect(await credentialsFor(found, SERVER, Date.now() + 11 * 3600_000)).toBeUndefined();
  await writeSession({ version: 1, logins: {} }, places);
  expect(await readSession(places)).toEqual({ version: 1, logins: {} });
});

test.each([
  ['nothing', undefined],
  ['no JSON', 'no json'],
  ['a list', '[]'],
  ['another form', '{"index": 3, "auth": {"x": [["a"]]}}'],
])('files of devpi-client of %s say nothing', async (_case, text) => {
  await using directory = await makeTemporaryDirectory();
  for (const name of text === undefined ? [] : ['current.json', 'auth.json']) {
    await writeFile(join(directory.path, name), text ?? '');
  }

  const places = { file: join(directory.path, 'session.json'), devpiDirectory: directory.path };
  expect(await readSession(places)).toEqual({ version: 1, logins: {} });
});

test('a virtual environment has its own current index, and the logins of everybody', async () => {
  await using directory = await makeTemporaryDirectory();
  const shared = { file: join(directory.path, 'session.json') };
  const places = { ...shared, localFile: join(directory.path, 'venv', 'wheelhouse.json') };
  await writeSession({ ...session, index: 'alice/dev' }, places);
  expect(await readSession(places)).toEqual(await readSession(shared));

  await makeLocal(await readSession(places), places.localFile);
  await writeSession({ ...(await readSession(places)), index: 'alice/other' }, places);

  expect(await readSession(places)).toMatchObject({ index: 'alice/other', logins: session.logins });
  expect(await readSession(shared)).toMatchObject({ index: 'alice/dev', logins: session.logins });
  expect(await readFile(places.localFile, 'utf8')).not.toContain('secret');
  expect(await forgetCurrent(await readSession(places), places)).toBe(places.localFile);
  expect(await readSession(places)).toMatchObject({ index: 'alice/dev' });
  expect(await forgetCurrent(await readSession(places), places)).toBe(places.file);
  expect(await readSession(places)).toEqual({ version: 1, logins: session.logins });
});
