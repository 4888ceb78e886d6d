import { expect, test } from 'vitest';
import { readPage } from './read-page.ts';

const about = { url: 'https://upstream.example/simple/demo/', project: 'demo', maxFiles: 100_000 };

function body(files: number): Buffer {
  const entry = (at: number) => ({
    filename: `demo-1.${at}-py3-none-any.whl`,
    url: `https://files.example.org/demo-1.${at}-py3-none-any.whl`,
    hashes: { sha256: String(at).padStart(64, '0') },
  });
  const list = Array.from({ length: files }, (_, at) => entry(at));
  // The byte order mark that some servers send is no part of the page.
  return Buffer.from(
    `\uFEFF${JSON.stringify({ meta: { 'api-version': '1.0' }, name: 'demo', files: list })}`,
  );
}

test.each([
  ['small', 10],
  ['large', 60_000],
])('a %s page is read and packed', async (_size, count) => {
  const { stored, isEmpty, droppedCount } = await readPage({ ...about, body: body(count) });

  expect([isEmpty, droppedCount]).toEqual([false, 0]);
  const { files } = await stored.read();
  expect(files).toHaveLength(count);
  expect(files.at(-1)?.filename).toBe(`demo-1.${count - 1}-py3-none-any.whl`);
});

test('others go on while a large page is read', async () => {
  const large = body(60_000);
  let turns = 0;
  const counting = setInterval(() => (turns += 1), 1);
  await readPage({ ...about, body: large });
  clearInterval(counting);

  expect(turns).toBeGreaterThan(20);
});

test('a large page that is none is a SyntaxError', async () => {
  const cut = body(60_000).subarray(0, 9_000_000);

  await expect(readPage({ ...about, body: cut })).rejects.toThrow(SyntaxError);
});

// It took minutes, in which the server answered nobody.
test('a page whose elements are nested without end is refused in time', async () => {
  const page = '<!doctype html>' + '<i>'.repeat(500_000) + '</b>'.repeat(500_000);

  await expect(readPage({ ...about, body: Buffer.from(page) })).rejects.toThrow(
    'its elements are nested without end',
  );
});
