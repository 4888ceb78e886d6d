import { afterEach, beforeEach, expect, test } from 'vitest';
import { RenderingThread } from './rendering-thread.ts';

const HARMLESS = { text: '*a*', contentType: 'text/markdown' };
/** Takes many seconds. */
const ENDLESS = { text: '=\n='.repeat(50_000), contentType: 'text/x-rst' };
/** 300 kB that mean 3 GB. */
const HUGE = {
  text: `[a]: https://x.example/${'y'.repeat(100_000)}\n\n${'[a] '.repeat(50_000)}`,
  contentType: 'text/markdown',
};

let thread: RenderingThread;
beforeEach(() => {
  thread = new RenderingThread({ renderMs: 600 });
});
afterEach(async () => await thread.close());

test('renders one description after the other', async () => {
  const texts = ['a', 'b', 'c'].map((text) => thread.render({ ...HARMLESS, text }));

  expect(await Promise.all(texts)).toEqual(['<p>a</p>\n', '<p>b</p>\n', '<p>c</p>\n']);
});

test('gives up what takes too long, and goes on', async () => {
  const endless = thread.render(ENDLESS);
  const next = thread.render(HARMLESS);

  expect(await endless).toBeUndefined();
  expect(await next).toBe('<p><em>a</em></p>\n');
});

test('gives up what takes too much memory, and goes on', async () => {
  expect(await thread.render(HUGE)).toSatisfy((html) => html === undefined || html.includes('readme-text'));
  expect(await thread.render(HARMLESS)).toBe('<p><em>a</em></p>\n');
});

test('lets so many wait and refuses more', async () => {
  const asked = await Promise.allSettled(Array.from({ length: 70 }, () => thread.render(HARMLESS)));

  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(64);
  expect(asked.at(-1)).toMatchObject({
    reason: new Error('too many descriptions wait to be rendered'),
  });
});

test('that is closed ends what runs and takes nothing more', async () => {
  const running = thread.render(ENDLESS);
  const waiting = thread.render(HARMLESS);
  running.catch(() => undefined);
  waiting.catch(() => undefined);

  await thread.close();

  await expect(waiting).rejects.toThrow('no descriptions are rendered any more');
  await expect(thread.render(HARMLESS)).rejects.toThrow('no descriptions are rendered any more');
});
