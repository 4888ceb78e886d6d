import { expect, test } from 'vitest';
import type { Index } from '../model/index.ts';
import type { View } from '../inheritance/reading.ts';
import { PageCache, type PageSource } from './page-cache.ts';
import { RenderedPage } from './rendered-page.ts';

const index: Index = { id: 1, user: 'u', name: 'dev', type: 'stage', options: {}, isTrusted: false };
const base: Index = { id: 2, user: 'u', name: 'secret', type: 'stage', options: {}, isTrusted: false };
const HTML = 'text/html';

function source({
  restricted = [],
  hidden = [],
  modelBytes = 100,
  text = 'page',
}: {
  readonly restricted?: readonly Index[];
  readonly hidden?: readonly number[];
  readonly modelBytes?: number;
  readonly text?: string;
} = {}): PageSource {
  const order = [index, base] as const;
  return {
    reading: async () => ({ order, restricted }),
    view: (reading): View => ({ ...reading, index, hidden: new Set(hidden), key: hidden.join(' ') }),
    page: async () =>
      new RenderedPage(() => text, { freshUntil: Infinity, headers: [], isPrivate: false, modelBytes }),
  };
}

const key = (project: string) => ({ index: 'u/dev', project });
const path = (project: string) => `/u/dev/+simple/${project}/`;

test('bytes are counted as pages grow, and given back when they go', async () => {
  const cache = new PageCache(100_000);
  const page = await cache.get(key('a'), 0, source());
  expect(cache.bytes).toBe(100);

  await page.get(HTML, 'identity');
  expect(cache.bytes).toBe(page.bytes);
  expect(page.bytes).toBeGreaterThan(100);
  await cache.get(key('b'), 0, source());
  expect(cache.bytes).toBe(page.bytes + 100);

  cache.drop('a');
  expect(cache.bytes).toBe(100);
  await page.get(HTML, 'gzip');
  expect(cache.bytes, 'a page that nobody keeps').toBe(100);
  cache.clear();
  expect([cache.bytes, cache.size]).toEqual([0, 0]);
});

test('the pages that were made longest ago leave when there are too many bytes, also when a page grows', async () => {
  const cache = new PageCache(1000);
  for (const project of ['a', 'b', 'c']) await cache.get(key(project), 0, source({ modelBytes: 400 }));
  expect([...'abc'].map((project) => cache.find(path(project)) !== undefined)).toEqual([false, true, true]);

  const page = await cache.get(key('c'), 0, source());
  const { bytes } = await page.get(HTML, 'identity');
  expect(cache.bytes).toBe(800 + 2 * bytes.byteLength);
  const large = await cache.get(key('d'), 0, source({ modelBytes: 1, text: 'x'.repeat(300) }));
  await large.get(HTML, 'identity');

  expect(cache.find(path('b'))).toBeUndefined();
  expect(cache.bytes).toBeLessThanOrEqual(1000);
});

test('a page that all may read is found without asking who reads, any other only by view', async () => {
  const cache = new PageCache(1000);
  const open = await cache.get(key('a'), 0, source());
  const hidden = await cache.get(key('b'), 0, source({ restricted: [base], hidden: [2] }));
  const whole = await cache.get(key('b'), 0, source({ restricted: [base] }));

  expect(cache.find(path('a'))?.everyone).toBe(open);
  expect(cache.find(path('b'))?.everyone).toBeUndefined();
  expect(whole).not.toBe(hidden);
  expect(cache.find(path('b'))?.byView).toEqual(
    new Map([
      ['2', hidden],
      ['', whole],
    ]),
  );
  expect(cache.bytes).toBe(300);
});

test('a page that was read from an index before it changed is not kept, and not shared with later readers', async () => {
  const cache = new PageCache(1000);
  const gate = Promise.withResolvers<void>();
  const slow = source();
  const before = cache.get(key('a'), 0, {
    ...slow,
    reading: async () => {
      await gate.promise;
      return await slow.reading();
    },
  });
  cache.clear();
  const after = await cache.get(key('a'), 0, source({ restricted: [base], hidden: [2] }));
  gate.resolve();

  expect(await before).not.toBe(after);
  expect(cache.find(path('a'))?.everyone).toBeUndefined();
  expect([...(cache.find(path('a'))?.byView.values() ?? [])]).toEqual([after]);
});
