import { expect, test } from 'vitest';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { currentIndex } from './current-index.ts';
import { writeSession } from './session.ts';
import { join } from 'node:path';

const SERVER = 'https://packages.example.com/pypi';
const OTHER = 'http://localhost:3141';

test('an index is named by its URL, by its user and name, by its name alone, or not at all', async () => {
  await using directory = await makeTemporaryDirectory();
  const path = join(directory.path, 'session.json');
  const login = { user: 'alice', token: 'secret', expiresAt: Date.now() + 60_000 };
  await writeSession(
    { version: 1, server: SERVER, index: 'bob/prod', logins: { [SERVER]: [login] } },
    { file: path },
  );
  const find = async (given: string | undefined, server?: string) =>
    (await currentIndex(given, server, { file: path })).url;

  expect(await find(undefined)).toBe(`${SERVER}/bob/prod`);
  expect(await find(undefined, `${SERVER}/`)).toBe(`${SERVER}/bob/prod`);
  expect(await find('dev')).toBe(`${SERVER}/alice/dev`);
  expect(await find('/bob/dev/')).toBe(`${SERVER}/bob/dev`);
  expect(await find('carol/dev', OTHER)).toBe(`${OTHER}/carol/dev`);
  expect(await find(`${OTHER}/carol/dev/+simple/`)).toBe(`${OTHER}/carol/dev`);
  await expect(find(undefined, OTHER)).rejects.toMatchObject({
    message: `no index of ${OTHER} is in use`,
    hint: expect.stringContaining('wheelhouse use') as string,
  });
  await expect(find('dev', OTHER)).rejects.toMatchObject({ kind: { code: 'cli.not-logged-in' } });
  await expect(find('a/b/c')).rejects.toMatchObject({ kind: { code: 'cli.bad-argument' } });
});

test('an expired login is explained, not dropped', async () => {
  await using directory = await makeTemporaryDirectory();
  const path = join(directory.path, 'session.json');
  const login = { user: 'alice', token: 'secret', expiresAt: 0 };
  await writeSession(
    { version: 1, server: SERVER, index: 'bob/prod', logins: { [SERVER]: [login] } },
    { file: path },
  );

  await expect(currentIndex(undefined, undefined, { file: path })).rejects.toMatchObject({
    message: `the login of alice to ${SERVER} expired at 1970-01-01T00:00:00.000Z`,
    hint: `log in again: wheelhouse login alice --server ${SERVER}, or forget it: wheelhouse logoff --server ${SERVER}`,
  });
});
