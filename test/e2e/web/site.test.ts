import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser, type TestBrowser } from '#test/browser.ts';
import { createIndex } from '#test/index-api.ts';
import { startServer, type ServerProcess } from '#test/server.ts';
import { uploadForm, wheelUpload } from '#test/uploads.ts';
import { basic } from '#test/app.ts';

let server: ServerProcess;
let browser: TestBrowser;
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
  await createIndex(server, 'alice/dev', { acl_upload: [':ANONYMOUS:'] });
  await upload('sundial', '1.0', 'Tells the time by the sun');
  await upload('sunflower', '2.1', '<b>Grows</b> \u202e quickly');
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function upload(name: string, version: string, summary: string): Promise<void> {
  const { body, contentType } = uploadForm(wheelUpload({ name, version, metadata: { Summary: summary } }));
  const response = await fetch(`${server.url}/alice/dev/`, {
    method: 'POST',
    headers: { 'content-type': contentType, authorization: basic(['alice', '']) },
    body: new Uint8Array(body),
  });
  expect(response.status, await response.text()).toBe(200);
}

describe.each([
  ['light', 1280],
  ['dark', 1280],
  ['light', 390],
  ['dark', 390],
] as const)('in %s at %d pixels', (theme, width) => {
  test.each([
    '/',
    '/+search?q=sun',
    '/+search?q=nothing-fits',
    '/+events',
    '/+events?q=type:yank',
    '/+status',
  ])('%s is accessible, asks nobody else and fits', async (path) => {
    const tab = await browser.tab(server.url, { theme, width });
    await tab.page.goto(path);
    expect(await tab.page.title()).toMatch(/ · Wheelhouse$/);
    await tab.expectClean();
    await tab.expectFits();
    await tab.context.close();
  });
});

test('the field in the bar suggests, by keys alone', async () => {
  const tab = await browser.tab(server.url);
  const { page } = tab;
  await page.goto('/');
  await page.keyboard.press('/');
  await page.keyboard.type('sun');
  await page.locator('[role="option"]').first().waitFor();
  const field = page.locator('[data-search]');
  expect(await field.getAttribute('aria-expanded')).toBe('true');
  await tab.expectClean();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  expect(await field.getAttribute('aria-activedescendant')).toBe('found-1');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/alice/dev/sunflower');

  await page.goto('/');
  await page.keyboard.press('/');
  await page.keyboard.type('sun');
  await page.locator('[role="option"]').first().waitFor();
  await page.keyboard.press('Escape');
  expect(await page.locator('.listbox').isVisible()).toBe(false);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/+search?q=sun');
  await tab.context.close();
});

test('without scripts the search is a form', async () => {
  const { page, context } = await browser.tab(server.url, { hasScripts: false });
  await page.goto('/');
  await page.locator('[data-search]').fill('sundial');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/+search?q=sundial');
  expect(await page.locator('tbody th').allInnerTexts()).toEqual(['sundial']);
  await context.close();
});

test('the events say that there are new ones', async () => {
  const tab = await browser.tab(server.url);
  await tab.page.goto('/+events');
  await upload('moonlight', '1.0', 'Later');
  await tab.page.getByText('2 new').waitFor();
  await tab.expectClean();
  await tab.page.getByRole('link', { name: 'show' }).click();
  await tab.page.getByText('moonlight 1.0').waitFor();
  await tab.context.close();
});
