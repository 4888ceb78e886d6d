import { mkdir, readdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { launcher } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { oldNames } from '../../src/cli/programs.ts';

it('links every program of devpi that it answers for, again without a change', async () => {
  await using home = await makeTemporaryDirectory();
  const bin = join(home.path, 'new', 'bin');

  const dry = await runWheelhouse(['link-old-names', bin, '--dry-run']);
  expect(await readdir(home.path)).toEqual([]);
  const first = await runWheelhouse(['link-old-names', bin]);
  const second = await runWheelhouse(['link-old-names', bin, '--json']);

  const lines = (before: string) =>
    oldNames()
      .map((name) => `${before} ${join(bin, name)}\n`)
      .join('');
  expect(dry).toEqual({ exitCode: 0, stdout: lines('skipped: linked'), stderr: '' });
  expect(first).toEqual({ exitCode: 0, stdout: lines('linked'), stderr: '' });
  expect(JSON.parse(second.stdout)).toEqual({
    launcher,
    links: oldNames().map((name) => ({ path: join(bin, name), isNew: false })),
  });
  expect(oldNames()).toEqual(expect.arrayContaining(['devpi', 'devpi-server', 'devpi-init']));
  for (const name of oldNames()) {
    expect(await readlink(join(bin, name))).toBe(launcher);
    const { exitCode, stdout } = await runWheelhouse(['--version'], { program: join(bin, name) });
    expect([name, exitCode, stdout]).toEqual([name, 0, expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/)]);
  }
});

it('overwrites nothing of others, and then makes no link at all', async () => {
  await using home = await makeTemporaryDirectory();
  const bin = join(home.path, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'devpi'), 'the real one');
  await symlink('/somewhere/else', join(bin, 'devpi-init'));

  const { exitCode, stderr } = await runWheelhouse(['link-old-names', bin]);

  expect({ exitCode, stderr: stderr.replaceAll(bin, 'BIN').replaceAll(launcher, 'LAUNCHER') })
    .toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: An argument cannot be used
      BIN/devpi is there already, and no link to LAUNCHER
      BIN/devpi-init is there already, and no link to LAUNCHER

    hint: nothing was changed; remove what is not needed, or name another directory
    ",
    }
  `);
  expect((await readdir(bin)).toSorted()).toEqual(['devpi', 'devpi-init']);
});
