import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { wheel, wheelFiles, wheelFilename, zip, type WheelOptions } from '#test/archives.ts';
import { sha256 } from '#test/index-api.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { compareWheels } from './compare-wheels.ts';

async function compared(first: Buffer, second: Buffer, filename = wheelFilename()): Promise<string[]> {
  await using directory = await makeTemporaryDirectory();
  const put = async (name: string, bytes: Buffer, as: string) => {
    const path = join(directory.path, name);
    await writeFile(path, bytes);
    return [{ path, filename: as, sha256: sha256(bytes) }];
  };
  return await compareWheels(
    await put('first', first, wheelFilename()),
    await put('second', second, filename),
  );
}

test.each<[string, WheelOptions, WheelOptions, string[]]>([
  ['nothing', {}, {}, []],
  [
    'a module',
    {},
    { files: { 'demo/__init__.py': 'answer = 43\n' } },
    ['demo/__init__.py differs', 'demo-1.0.dist-info/RECORD differs'],
  ],
  [
    'a module more',
    {},
    { files: { 'demo/more.py': '' } },
    ['demo-1.0.dist-info/RECORD differs', 'demo/more.py is in the second wheel only'],
  ],
  [
    'a module less',
    { files: { 'demo/more.py': '' } },
    {},
    ['demo/more.py is in the first wheel only', 'demo-1.0.dist-info/RECORD differs'],
  ],
])('where the second build changes %s, it is told', async (_, first, second, differences) => {
  expect(await compared(wheel(first), wheel(second))).toEqual(differences);
});

test('members in another order are a difference', async () => {
  const members = Object.entries(wheelFiles()).map(([name, data]) => ({ name, data }));

  expect(await compared(zip(members), zip(members.toReversed()))).toEqual([
    'times, modes or the order of members differ',
  ]);
});

test('another name is a difference', async () => {
  const name = wheelFilename({ tag: 'py2.py3-none-any' });

  expect(await compared(wheel(), wheel(), name)).toEqual([
    'the second build makes no demo-1.0-py3-none-any.whl',
  ]);
});

test('of many differences the first are told', async () => {
  const files = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`demo/m${at}.py`, '']));

  const differences = await compared(wheel(), wheel({ files }));

  expect(differences).toHaveLength(21);
  expect(differences.at(-1)).toBe('31 more differ');
});
