import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runChecked } from '#test/run-command.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { removeWork } from './remove-work.ts';

test('what a build closed, and what is deeper than a path may be long, is removed with the rest', async () => {
  await using directory = await makeTemporaryDirectory();
  const work = join(directory.path, 'work');
  await mkdir(join(work, 'closed'), { recursive: true });
  await writeFile(join(work, 'closed', 'file'), 'x');
  const deeper =
    "import os, sys\nos.chdir(sys.argv[1])\nfor _ in range(50):\n    os.mkdir('d' * 200)\n    os.chdir('d' * 200)\n";
  await runChecked(['python3', '-c', deeper, work]);
  await chmod(join(work, 'closed'), 0);

  await removeWork(work);

  expect(existsSync(work)).toBe(false);
});
