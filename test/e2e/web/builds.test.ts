import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic } from '#test/app.ts';
import { startBrowser, type Tab, type TabOptions, type TestBrowser } from '#test/browser.ts';
import { createIndex } from '#test/index-api.ts';
import { startServer, type ServerProcess } from '#test/server.ts';
import { sdistUpload, uploadForm, wheelUpload, type Upload } from '#test/uploads.ts';

const PASSWORD = 'root secret';
const TARGET = 'cp313-linux_x86_64';
const session = 'session-1';

let server: ServerProcess;
let browser: TestBrowser;
beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer({
      arguments: ['--offline'],
      env: { WHEELHOUSE_ACCOUNTS_ROOT_PASSWORD: PASSWORD, WHEELHOUSE_BUILDS_LEASE_SECONDS: '3600' },
    }),
    startBrowser(),
  ]);
  await createIndex(server, 'alice/dev', { acl_upload: [':ANONYMOUS:'] });
  await upload(sdistUpload());
  await upload(sdistUpload({ version: '2.0' }));
  await upload(wheelUpload({ version: '2.0', tag: 'cp313-cp313-manylinux_2_17_x86_64' }));
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function ask(method: string, path: string, json: unknown): Promise<Response> {
  const authorization = basic(['root', PASSWORD]);
  const headers = { 'content-type': 'application/json', accept: 'application/json', authorization };
  return await fetch(`${server.url}${path}`, { method, headers, body: JSON.stringify(json) });
}

async function upload(what: Upload): Promise<void> {
  const { body, contentType } = uploadForm(what);
  const response = await fetch(`${server.url}/alice/dev/`, {
    method: 'POST',
    headers: { 'content-type': contentType, authorization: basic(['alice', 'secret of alice']) },
    body: new Uint8Array(body),
  });
  expect(response.status, await response.text()).toBe(200);
}

async function rootTab(options: TabOptions = {}): Promise<Tab> {
  const tab = await browser.tab(server.url, options);
  await tab.page.goto('/+login');
  await tab.page.fill('main [name="user"]', 'root');
  await tab.page.fill('main [name="password"]', PASSWORD);
  await tab.page.click('main form .button.primary');
  await tab.page.waitForURL(`${server.url}/`);
  return tab;
}

const looks = [
  ['light', 1280],
  ['dark', 390],
] as const;

/** Each page in each look, after what came before it. */
async function expectAccessible(...paths: readonly string[]): Promise<void> {
  for (const [theme, width] of looks) {
    const tab = await rootTab({ theme, width });
    for (const path of paths) {
      await tab.page.goto(path);
      expect(await tab.page.title()).toMatch(/ · Wheelhouse$/);
      await tab.expectClean();
      await tab.expectFits();
    }
    await tab.context.close();
  }
}

describe('the wheel farm in a browser', () => {
  test('the first visit says how to begin', async () => {
    await expectAccessible('/+builds', '/+builds/projects', '/+builders');
  });

  test('without scripts a project is added, built, followed to its failure, and removed', async () => {
    const { page, context } = await rootTab({ hasScripts: false });
    await page.goto('/');
    await page.click('nav >> text=Builds');
    await page.click('main >> text=add projects here');
    await page.fill('[name="requirements"]', 'demo');
    await page.fill('[name="targets"]', 'cp311 cp313');
    await page.fill('[name="index"]', 'alice/dev');
    await page.click('main form button');
    expect(await page.locator('tbody th').allInnerTexts()).toEqual(['demo']);
    await page.goto('/');
    expect(await page.textContent('main')).toContain('No builder is at work');

    const facts = { name: 'farm-1', version: '0.1.0', protocol: 1, targets: [TARGET], session };
    expect((await ask('POST', '/+builders', facts)).status).toBe(200);
    const leased = await ask('POST', '/+builders/farm-1/lease', { session });
    const { lease } = (await leased.json()) as { lease: { build: number } };
    const log = (position: number, text: string) =>
      ask('POST', `/+builds/${lease.build}/log`, { position, text });
    const lines = Array.from({ length: 300 }, (_, at) => `line ${at + 1} <b>& \u001b[1m\n`).join('');
    expect((await log(0, lines)).status).toBe(200);

    const watching = await rootTab();
    await watching.page.goto(`/+builds/${lease.build}`);
    expect(await watching.page.locator('#L300').count()).toBe(1);
    await expectAccessible('/+builds', `/+builds/${lease.build}`, '/+builders');
    await log(lines.length, 'fatal error: git2.h\n');
    await watching.page.locator('#L301').waitFor({ state: 'attached' });
    const result = { state: 'failed', seconds: 75, failure: 'missing-header', detail: 'git2.h is missing' };
    const record = {
      inputs: [{ filename: 'demo-1.0.tar.gz', sha256: 'f'.repeat(64) }],
      python: { version: '3.13.1', pip: '25.3' },
      peakMemoryBytes: 123_456_789,
    };
    const ended = await ask('POST', `/+builds/${lease.build}/result`, {
      ...result,
      retryAfterSeconds: null,
      record,
    });
    expect(ended.status, await ended.text()).toBe(200);
    await watching.page.click('text=What became of it');
    expect(await watching.page.textContent('main')).toContain('Install the package with the header');
    await watching.expectClean();
    await watching.context.close();
    await expectAccessible(
      `/+builds/${lease.build}`,
      '/+builds/projects',
      '/+builds/projects/alice/dev/demo',
    );

    await page.goto('/+builds/projects/alice/dev/demo');
    await page.click('text=missing-header');
    await page.click('text=Build it again');
    await page.goto('/+builders');
    await page.click('button:has-text("Pause")');
    expect(await page.textContent('tbody')).toContain('paused');
    await page.goto('/+builds/projects/alice/dev/demo');
    await page.click('text=Remove…');
    await page.click('main form button');
    expect(await page.textContent('main')).toContain('No project yet');
    await context.close();
  });
});
