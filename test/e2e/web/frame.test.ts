import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser, type TestBrowser } from '#test/browser.ts';
import { createIndex } from '#test/index-api.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

let server: ServerProcess;
let browser: TestBrowser;
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
  await createIndex(server, 'alice/dev', { title: 'A <b>title</b> \u202e of' });
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe.each([
  ['light', 1280],
  ['dark', 1280],
  ['light', 390],
  ['dark', 390],
] as const)('in %s at %d pixels', (theme, width) => {
  test.each([
    ['/+indexes', 'Indexes · Wheelhouse'],
    ['/nobody/nothing', '404 No such index · Wheelhouse'],
  ])('%s is accessible, asks nobody else and fits', async (path, title) => {
    const tab = await browser.tab(server.url, { theme, width });

    await tab.page.goto(path);

    expect(await tab.page.title()).toBe(title);
    await tab.expectClean();
    await tab.expectFits();
    await tab.context.close();
  });
});

test('the keys go to places, and stay away from fields', async () => {
  const { page, context } = await browser.tab(server.url);
  await page.goto('/+indexes');

  await page.keyboard.press('/');
  await page.keyboard.type('gp');
  expect(await page.locator('[data-search]').inputValue()).toBe('gp');
  await page.keyboard.press('Escape');
  await page.locator('main').focus();
  await page.keyboard.press('j');

  expect(await page.locator(':focus').getAttribute('href')).toMatch(/^\/[a-z0-9]+\//);
  await context.close();
});
