import { readFile, rm, truncate, writeFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { damageSqliteIndex } from '#test/damage.ts';
import { createIndex, request, sha256, uploadAll, wheelUpload } from '#test/index-api.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { startServer } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';

const uploads = ['missing', 'wrong', 'short', 'sound'].map((name) => wheelUpload({ name }));

/** A server directory with four files, whose server has ended. */
async function makeServerdir() {
  const directory = await makeTemporaryDirectory();
  const { path } = directory;
  await using server = await startServer({ serverdir: path });
  await uploadAll(await createIndex(server, 'anna/dev'), uploads);
  return { path, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

function storedPath(serverdir: string, digest: string): string {
  return join(serverdir, 'files', 'sha256', digest.slice(0, 2), digest.slice(2));
}

function digestOf(name: string): string {
  return sha256(uploads.find((upload) => upload.name === name)!.bytes);
}

async function plantDamage(serverdir: string): Promise<string> {
  await rm(storedPath(serverdir, digestOf('missing')));
  const wrong = storedPath(serverdir, digestOf('wrong'));
  const bytes = await readFile(wrong);
  bytes[40]! ^= 1;
  await writeFile(wrong, bytes);
  await truncate(storedPath(serverdir, digestOf('short')), 10);
  const orphan = Buffer.from('nobody knows me');
  const path = storedPath(serverdir, sha256(orphan));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, orphan);
  return path;
}

it('finds nothing in a sound directory, while a server uses it and afterwards', async () => {
  await using server = await startServer();
  const { serverdir } = server;
  await uploadAll(await createIndex(server, 'anna/dev'), uploads);

  const running = await runWheelhouse(['doctor', '--serverdir', serverdir, '--json']);
  await server.stop();
  const stopped = await runWheelhouse(['doctor', '--serverdir', serverdir]);

  const none = { files: 0, bytes: 0 };
  expect(running).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(running.stdout)).toEqual({ problems: [], orphans: none, removed: none });
  expect(stopped).toMatchObject({ exitCode: 0, stdout: '' });
  expect(stopped.stderr).toContain('no problems\n');
});

it('calls what ordinary deletions leave to the server no problem', async () => {
  await using server = await startServer();
  const index = await createIndex(server, 'anna/dev');
  await uploadAll(index, uploads);
  for (const { name } of uploads) {
    expect(await request(server, 'DELETE', `/anna/dev/${name}`, index)).toMatchObject({ status: 200 });
  }
  const doctor = ['doctor', '--serverdir', server.serverdir];

  const running = await runWheelhouse(doctor);
  await server.stop();
  const stopped = await runWheelhouse(doctor);

  expect(running).toMatchObject({ exitCode: 0, stdout: '' });
  expect(stopped).toMatchObject({ exitCode: 0, stdout: '' });
  expect(stopped.stderr).toMatch(
    /\nno problems\nleft by deletions, or on their way: 8 files without a row, .*; a server that runs removes them within two hours\n$/,
  );
});

it('finds missing and wrong bytes, and counts those without a row', async () => {
  await using serverdir = await makeServerdir();
  await plantDamage(serverdir.path);

  const text = await runWheelhouse(['doctor', '--serverdir', serverdir.path]);
  const json = await runWheelhouse(['doctor', '--serverdir', serverdir.path, '--json']);

  const expected = [
    ['missing-bytes', digestOf('missing'), 'missing-1.0-py3-none-any.whl: the bytes are missing'],
    ['wrong-bytes', digestOf('wrong'), 'wrong-1.0-py3-none-any.whl: the hash does not match'],
    ['wrong-bytes', digestOf('short'), expect.stringContaining('has 10 bytes instead of')],
  ].toSorted(([, one = ''], [, two = '']) => (String(one) < String(two) ? -1 : 1));
  const { problems, orphans } = JSON.parse(json.stdout) as {
    problems: { code: string; detail: string; sha256: string }[];
    orphans: object;
  };
  expect(problems.map(({ code, sha256, detail }) => [code, sha256, detail])).toEqual(expected);
  expect(orphans).toEqual({ files: 1, bytes: 15 });
  expect([text.exitCode, json.exitCode]).toEqual([1, 1]);
  expect(text.stdout.split('\n')).toHaveLength(4);
  expect(text.stdout).toContain(
    `missing-bytes ${digestOf('missing').slice(0, 16)} missing-1.0-py3-none-any.whl: the bytes are missing\n`,
  );
  expect(text.stderr).toContain(
    '3 problems\nleft by deletions, or on their way: 1 file without a row, 15 B; ',
  );
});

it('sees no wrong hash when it compares sizes only', async () => {
  await using serverdir = await makeServerdir();
  await plantDamage(serverdir.path);

  const { stdout } = await runWheelhouse(['doctor', '--serverdir', serverdir.path, '--no-checksum']);

  expect(stdout).not.toContain('the hash does not match');
  expect(stdout).toContain('has 10 bytes instead of');
});

it('removes what no file needs, and nothing else, when told to repair', async () => {
  await using serverdir = await makeServerdir();
  const orphan = await plantDamage(serverdir.path);
  const repair = ['doctor', '--serverdir', serverdir.path, '--repair'];

  const result = await runWheelhouse(repair);

  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain('3 problems\nremoved 1 file without a row, 15 B\nhint: ');
  expect(existsSync(orphan)).toBe(false);
  expect(existsSync(storedPath(serverdir.path, digestOf('wrong')))).toBe(true);
});

it('removes nothing while the database fails its own check', async () => {
  await using serverdir = await makeServerdir();
  const orphan = await plantDamage(serverdir.path);
  const database = join(serverdir.path, 'wheelhouse.sqlite');
  damageSqliteIndex(database, 'release_file_by_sha256', digestOf('sound'));

  const result = await runWheelhouse(['doctor', '--serverdir', serverdir.path, '--repair']);

  expect(result).toMatchObject({ exitCode: 1, stdout: '' });
  expect(result.stderr).toMatch(
    /error: the database is damaged: .*missing from index release_file_by_sha256/,
  );
  expect(result.stderr).toContain('hint: stop the server and restore the database from a backup');
  expect(existsSync(orphan)).toBe(true);
  expect(existsSync(storedPath(serverdir.path, digestOf('sound')))).toBe(true);
});

it('makes no server where there is none', async () => {
  await using directory = await makeTemporaryDirectory();
  const path = join(directory.path, 'mistyped');

  const result = await runWheelhouse(['doctor', '--serverdir', path]);

  expect(result).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: `error: no server has ever run in ${path}\n\nhint: name the directory of the server with --serverdir\n`,
  });
  expect(existsSync(path)).toBe(false);
});
