import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { lockDirectory } from '#kernel/db/lock-directory.ts';
import { createIndex, listPage, request, uploadAll, wheelUpload } from '#test/index-api.ts';
import { seededRandom } from '#test/random.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { launcher, serverEnvironment, startServer } from '#test/server.ts';
import { mountSmallDisk } from '#test/small-disk.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';

const random = seededRandom(20_261);

/** Uploads of a quarter of a megabyte each, which cannot be compressed. */
const uploads = Array.from({ length: 40 }, (_, number) =>
  wheelUpload({
    name: `demo-${number}`,
    files: { 'data.bin': Buffer.from(Float64Array.from({ length: 32_000 }, () => random()).buffer) },
  }),
);

/** Starts a command and ends it as a power cut does, as soon as `isTime`. Returns whether it still ran then. */
async function killWhen(args: readonly string[], isTime: () => boolean): Promise<boolean> {
  const child = execa(launcher, args, { reject: false, extendEnv: false, env: serverEnvironment });
  const ended = child.then(() => true);
  while (!isTime() && !(await Promise.race([ended, sleep(2, false)])));
  child.kill('SIGKILL');
  return (await child).signal === 'SIGKILL';
}

/** How many files a store has. */
function countStored(store: string): number {
  if (!existsSync(store)) return 0;
  return readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('/'))
    .length;
}

const snapshotsIn = async (backup: string) =>
  (await readdir(join(backup, 'snapshots')).catch(() => [])).filter((name) => !name.includes('.'));

it('backs up and restores a server with the program, also where it is killed in the middle', async () => {
  await using directory = await makeTemporaryDirectory();
  const path = (name: string) => join(directory.path, name);
  await using server = await startServer({ serverdir: path('server') });
  await uploadAll(await createIndex(server, 'anna/dev'), uploads);
  const backup = ['backup', path('backup'), '--serverdir', server.serverdir];

  const isInSnapshots = () =>
    existsSync(path('backup/snapshots')) && readdirSync(path('backup/snapshots')).length > 0;
  const moments = [
    () => existsSync(path('backup/backup.json')),
    ...[1, 30, 60].map((count) => () => countStored(path('backup/files/sha256')) >= count),
    isInSnapshots,
  ];
  let kills = 0;
  for (const isTime of moments) {
    if (await killWhen(backup, isTime)) kills += 1;
    for (const name of await snapshotsIn(path('backup'))) {
      expect(existsSync(join(path('backup'), 'snapshots', name, 'manifest.json'))).toBe(true);
    }
  }
  const taken = await runWheelhouse([...backup, '--json']);
  const verified = await runWheelhouse(['backup', 'verify', path('backup'), '--json']);

  expect(kills).toBeGreaterThan(2);
  expect(taken).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(taken.stdout)).toMatchObject({ files: 80, problems: [] });
  expect(verified).toMatchObject({ exitCode: 0, stderr: '' });
  const { snapshots } = JSON.parse(verified.stdout) as { snapshots: { files: number; problems: string[] }[] };
  expect(snapshots.flatMap(({ problems }) => problems)).toEqual([]);
  expect(snapshots.at(-1)?.files).toBe(80);
  expect(await readdir(path('backup/files/incoming'))).toEqual([]);

  const restore = ['restore', path('backup'), '--serverdir', path('restored')];
  expect(await killWhen(restore, () => countStored(path('restored/files/sha256')) > 10)).toBe(true);
  expect(existsSync(path('restored/wheelhouse.sqlite'))).toBe(false);
  const half = await runWheelhouse(['serve', '--serverdir', path('restored'), '--port', '0']);
  expect(half.exitCode).not.toBe(0);
  expect(half.stderr).toContain(`a restore into ${path('restored')} has not ended`);

  const restored = await runWheelhouse(restore);
  expect(restored).toMatchObject({ exitCode: 0, stdout: '' });
  expect(restored.stderr).toMatch(/restored .* into .*: 80 files, /);
  expect(await runWheelhouse(['doctor', '--serverdir', path('restored')])).toMatchObject({
    exitCode: 0,
    stdout: '',
  });
  await using second = await startServer({ serverdir: path('restored') });
  const simple = `${second.url}/anna/dev/+simple/`;
  expect(await listPage({ simple }, 'demo-17')).toMatchObject([{ filename: uploads[17]?.filename }]);
  const account = { user: 'anna', password: 'secret of anna' };
  expect(await request(second, 'DELETE', '/anna/dev/demo-17', account)).toMatchObject({ status: 200 });
});

it('refuses what cannot be, and says what to do', async () => {
  await using directory = await makeTemporaryDirectory();
  await using server = await startServer();
  const backup = join(directory.path, 'backup');
  const take = ['backup', backup, '--serverdir', server.serverdir];

  expect(await runWheelhouse(['backup', 'verify', backup])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`there is no backup in ${backup}`),
  });
  expect(await runWheelhouse([...take, '--keep', '0'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('--keep 0 is no number from 1 on'),
  });
  expect(await runWheelhouse(['backup', backup, '--serverdir', join(directory.path, 'none')])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('no server has ever run in'),
  });
  await mkdir(backup, { recursive: true });
  const lock = lockDirectory(backup);
  const second = await runWheelhouse(take);
  lock?.release();
  expect(second).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`another command works with ${backup}`),
  });
  expect(await runWheelhouse(take)).toMatchObject({ exitCode: 0 });
  expect(await runWheelhouse(['restore', backup, '--serverdir', server.serverdir])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('is not empty'),
  });
});

it.skipIf(process.getuid?.() !== 0)('leaves the last backup whole where the disk gets full', async () => {
  await using disk = await mountSmallDisk(4);
  await using server = await startServer();
  const index = await createIndex(server, 'anna/dev');
  await uploadAll(index, uploads.slice(0, 2));
  const backup = join(disk.path, 'backup');
  const take = ['backup', backup, '--serverdir', server.serverdir];
  expect(await runWheelhouse(take)).toMatchObject({ exitCode: 0 });
  await uploadAll(index, uploads.slice(2));

  const full = await runWheelhouse(take);

  expect(full.exitCode).toBe(1);
  expect(full.stderr).toContain(`no space left in ${backup}`);
  expect(await snapshotsIn(backup)).toHaveLength(1);
  expect(await runWheelhouse(['backup', 'verify', backup])).toMatchObject({ exitCode: 0, stdout: '' });
});
