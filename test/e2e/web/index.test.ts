import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser, type Tab, type TestBrowser } from '#test/browser.ts';
import { createIndex, request, upload, wheelUpload, type Upload } from '#test/index-api.ts';
import { startServer, type ServerProcess } from '#test/server.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';

let server: ServerProcess;
let browser: TestBrowser;
let directory: string;

beforeAll(async () => {
  server = await startServer({
    env: { WHEELHOUSE_OFFLINE: 'true', WHEELHOUSE_ACCOUNTS_ROOT_PASSWORD: 'root secret' },
  });
  browser = await startBrowser();
  directory = await mkdtemp(join(tmpdir(), 'wheelhouse-index-pages-'));
});

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Logs somebody in who owns an index `base` with two projects. */
async function logIn(user: string, options: Parameters<TestBrowser['tab']>[1] = {}): Promise<Tab> {
  const base = await createIndex(server, `${user}/base`);
  for (const name of ['one', 'two']) await upload(base, wheelUpload({ name }));
  const tab = await browser.tab(server.url, options);
  const { page } = tab;
  await page.goto('/+login');
  await page.fill('main [name=user]', user);
  await page.fill('main [name=password]', base.password);
  await Promise.all([page.waitForEvent('load'), page.click('main button.primary')]);
  return tab;
}

async function written({ filename, bytes }: Upload): Promise<string> {
  const path = join(directory, filename);
  await writeFile(path, bytes);
  return path;
}

/** Clicks, and waits for the page that comes of it. */
async function follow(page: Page, selector: string): Promise<void> {
  await Promise.all([page.waitForEvent('load'), page.click(selector)]);
}

const statusOf = async (path: string) => (await request(server, 'GET', path)).status;

describe.each([true, false])('with scripts: %s', (hasScripts) => {
  const user = hasScripts ? 'anna' : 'berta';

  test('an index is made, changed, filled, emptied and deleted', async () => {
    const tab = await logIn(user, { hasScripts });
    const { page } = tab;

    await page.goto(`/${user}/+new-index`);
    await tab.expectClean();
    await page.fill('main [name=name]', 'dev');
    await page.fill('main [name=bases]', `${user}/base`);
    await follow(page, 'text=Make the index');
    expect(page.url()).toBe(`${server.url}/${user}/dev`);
    expect(await page.textContent('#projects')).toContain('two');
    await tab.expectClean();

    await follow(page, '.actions >> text=Settings');
    await tab.expectClean();
    await page.fill('[name=bases]', '');
    await page.fill('[name=title]', 'Development');
    await follow(page, 'main button.primary');
    expect(await page.textContent('.preview')).toContain('2 projects become hidden: one, two.');
    await tab.expectClean();
    await follow(page, 'text=Make this change');
    await page.goto(`/${user}/dev`);
    expect(await page.textContent('main')).toContain('Nothing in');
    expect(await page.textContent('.summary')).toBe('Development');
    await tab.expectClean();

    await follow(page, '.actions >> text=Upload');
    await tab.expectClean();
    const first = wheelUpload({ name: 'demo', version: '1.0' });
    await page.setInputFiles('[name=content]', await written(first));
    if (!hasScripts) await follow(page, 'main button.primary');
    await page.waitForSelector('.uploaded .state.good');
    expect(await page.textContent('.uploaded')).toContain('demo 1.0');
    await tab.expectClean();

    await page.goto(`/${user}/dev/demo/1.0/+yank`);
    await tab.expectClean();
    await page.fill('[name=reason]', 'wrong port');
    await follow(page, 'main button.bad');
    expect((await request(server, 'GET', `/${user}/dev/demo/1.0`)).text).toContain('wrong port');
    await page.goto(`/${user}/dev/demo/1.0/+unyank`);
    await tab.expectClean();
    await follow(page, 'main button.bad');
    expect((await request(server, 'GET', `/${user}/dev/demo/1.0`)).text).not.toContain('wrong port');

    await page.goto(`/${user}/dev/demo/1.0/+remove`);
    await page.fill('[name=typed]', 'demo');
    await follow(page, 'main button.bad');
    expect(await page.textContent('#field-typed-error')).toContain('This is not demo 1.0.');
    await tab.expectClean();
    await page.fill('[name=typed]', 'demo 1.0');
    await follow(page, 'main button.bad');
    expect(await statusOf(`/${user}/dev/demo/1.0`)).toBe(404);

    await page.goto(`/${user}/dev/+delete`);
    await tab.expectClean();
    await page.fill('[name=typed]', `${user}/dev`);
    await follow(page, 'main button.bad');
    expect(await statusOf(`/${user}/dev`)).toBe(404);
    await tab.context.close();
  });
});

describe('many files', () => {
  async function open(user: string, options = {}) {
    const tab = await logIn(user, options);
    const index = await createIndex(server, `${user}/dev`, { volatile: false });
    await tab.page.goto(`/${user}/dev/+upload`);
    return { tab, index, page: tab.page };
  }

  test('are dropped: some stored, some refused, each with its line', async () => {
    const { tab, page } = await open('carla');
    const files = [
      wheelUpload({ name: 'demo', version: '1.0' }),
      wheelUpload({ name: 'demo', version: '2.0' }),
      { filename: 'demo-3.0-py3-none-any.whl', bytes: Buffer.from('no archive') },
      { filename: 'notes.txt', bytes: Buffer.from('notes') },
    ];
    const given = files.map(
      ({ filename, bytes }) => [filename, Buffer.from(bytes).toString('base64')] as const,
    );
    const dropped = await page.evaluateHandle((all) => {
      const transfer = new DataTransfer();
      for (const [name, text] of all) {
        transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
      }
      return transfer;
    }, given);

    await page.dispatchEvent('[data-drop]', 'drop', { dataTransfer: dropped });
    await page.waitForFunction(
      () => document.querySelector('[data-uploads-status]')?.textContent === '2 stored, 2 refused',
    );

    const lines = await page.locator('.uploaded').allTextContents();
    const text = lines.map((line) => line.replace(/\s+/g, ' ').trim());
    expect(text[0]).toContain('demo-1.0-py3-none-any.whl stored demo 1.0');
    expect(text[2]).toContain('refused Invalid archive');
    expect(text[3]).toContain('This is no name of an archive');
    await tab.expectClean();
    expect(await statusOf('/carla/dev/demo/2.0')).toBe(200);
    await tab.context.close();
  });

  test('show how much has been sent, and stop so that nothing is stored', async () => {
    const { tab, page } = await open('dora');
    const network = await tab.context.newCDPSession(page);
    await network.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 400_000,
    });
    const bytes = Buffer.alloc(6_000_000, 'x');
    await writeFile(join(directory, 'slow-1.0.tar.gz'), bytes);

    await page.setInputFiles('[name=content]', join(directory, 'slow-1.0.tar.gz'));
    await page.waitForFunction(() =>
      / of 6\.0 MB, \d+ s left/.test(document.querySelector('.uploaded .hint')?.textContent ?? ''),
    );
    await tab.expectClean();
    await page.click('text=Stop');
    await page.waitForSelector('text=Stopped; nothing of it is stored.');

    expect(await page.textContent('[data-uploads-status]')).toBe('1 stopped');
    expect(await statusOf('/dora/dev/slow')).toBe(404);
    await tab.context.close();
  });
});

describe('by keyboard alone', () => {
  /** Goes on with Tab until something has the focus, as people do; fails if it is never reached. */
  async function tabTo(page: Page, selector: string): Promise<void> {
    for (let step = 0; step < 150; step += 1) {
      await page.keyboard.press('Tab');
      const isThere = await page.evaluate(
        (wanted) => document.activeElement?.matches(wanted) === true,
        selector,
      );
      if (isThere) return;
    }
    throw new Error(`${selector} is not reached on ${page.url()}`);
  }

  async function press(page: Page, key: string): Promise<void> {
    await Promise.all([page.waitForEvent('load'), page.keyboard.press(key)]);
  }

  test('an index is made, filled, changed and deleted', async () => {
    const tab = await logIn('emma');
    const { page } = tab;
    await page.goto('/emma/+new-index');
    await tabTo(page, '[name=name]');
    await page.keyboard.type('dev');
    await tabTo(page, 'main button.primary');
    await press(page, 'Enter');
    expect(page.url()).toBe(`${server.url}/emma/dev`);

    await tabTo(page, 'a[href$="+upload"]');
    await press(page, 'Enter');
    const path = await written(wheelUpload({ name: 'keys', version: '1.0' }));
    // Awaited before the keys: the browser must have been told not to open its own dialog.
    const choosing = page.waitForEvent('filechooser');
    await tabTo(page, '[name=content]');
    await page.keyboard.press('Enter');
    await (await choosing).setFiles(path);
    await page.waitForSelector('.uploaded .state.good');

    await page.goto('/emma/dev');
    await tabTo(page, 'a[href$="+settings"]');
    await press(page, 'Enter');
    await tabTo(page, '[name=volatile]');
    await page.keyboard.press('Space');
    await tabTo(page, 'main button.primary');
    await press(page, 'Enter');
    await tabTo(page, 'main .form button');
    await press(page, 'Enter');
    await page.goto('/emma/dev');
    expect(await page.textContent('.badges')).not.toContain('volatile');

    await page.goto('/emma/base/+delete');
    await tabTo(page, '[name=typed]');
    await page.keyboard.type('emma/base');
    await press(page, 'Enter');
    expect(await statusOf('/emma/base')).toBe(404);
    await tab.context.close();
  });
});

test('hostile names and summaries are text, and every page of an index is clean in light, dark, wide and narrow', async () => {
  const tab = await logIn('frida');
  const hostile = '<img src=x onerror="document.title=1">\u202e"\'';
  const index = await createIndex(server, 'frida/dev', {
    bases: ['frida/base'],
    title: hostile,
    description: hostile,
    custom_data: hostile,
  });
  await upload(index, wheelUpload({ name: 'demo', metadata: { Summary: hostile.replace('\u202e', '') } }));
  const cookies = await tab.context.cookies();
  await tab.context.close();
  const pages = [
    '',
    '/+inherited',
    '/+use',
    '/+permissions',
    '/+settings',
    '/+upload',
    '/+delete',
    '/demo/+remove',
    '/demo/1.0/+yank',
    '/demo/1.0/+unyank',
    '/demo/1.0/+remove',
    '/demo/+refresh',
    '?filter=%3Cb%3E',
  ];
  for (const theme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      const seen = await browser.tab(server.url, { theme, width });
      await seen.context.addCookies(cookies);
      for (const path of pages) {
        await seen.page.goto(`/frida/dev${path}`);
        await seen.expectClean();
        await seen.expectFits();
        expect(await seen.page.title()).toMatch(/· Wheelhouse$/);
        expect(await seen.page.locator('main img').count()).toBe(0);
      }
      await seen.context.close();
    }
  }
});
