import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { credentialsFor, readSession, writeSession, type Session } from './session.ts';

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
