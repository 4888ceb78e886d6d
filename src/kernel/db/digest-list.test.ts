import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { DigestList } from './digest-list.ts';

const digest = (number: number) => ({
  sha256: number.toString(16).padStart(64, '0'),
  size: number,
  name: `file ${number}`,
});

async function* each(...numbers: readonly number[]) {
  for (const number of numbers) yield digest(number);
}

test('digests are listed once, in order, and found again in the file', async () => {
  await using directory = await makeTemporaryDirectory();
  const path = join(directory.path, 'list');
  {
    using list = new DigestList(path);
    await list.fill(each(300, 2, 300, 17));
    await list.fill(each(2, 5));

    expect([...list]).toEqual([2, 5, 17, 300].map(digest));
    expect([list.has(digest(17).sha256), list.has(digest(18).sha256)]).toEqual([true, false]);
  }
  using again = new DigestList(path);

  expect(again.total()).toEqual({ count: 4, bytes: 324 });
});
