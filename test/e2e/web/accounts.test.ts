import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startBrowser, type Tab, type TestBrowser } from '#test/browser.ts';
import { findProgram } from '#test/clients.ts';
import { skipWithout } from '#test/machine.ts';
import { startNginx } from '#test/nginx.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

const LAN = 'pi.lan';
const offline = { env: { WHEELHOUSE_OFFLINE: 'true' } };

let browser: TestBrowser;
beforeAll(async () => {
  browser = await startBrowser([LAN]);
});
afterAll(async () => await browser[Symbol.asyncDispose]());

/** Goes from field to field as people without a mouse do, and sends the form from the last one. */
async function typeForm(page: Page, ...values: readonly string[]): Promise<void> {
  const [first = '', ...others] = values;
  await page.keyboard.type(first);
  for (const value of others) {
    await page.keyboard.press('Tab');
    await page.keyboard.type(value);
  }
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
}

async function fillForm(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.fill(`main [name="${name}"]`, value);
  await Promise.all([page.waitForEvent('load'), page.click('main form .button.primary')]);
}

async function logIn({ page }: Tab, user: string, password: string): Promise<void> {
  await page.goto('/+login');
  await fillForm(page, { user, password });
}

/** A server that is set up, with the user alice. */
async function startSetUp(): Promise<ServerProcess> {
  const server = await startServer({
    env: { ...offline.env, WHEELHOUSE_ACCOUNTS_ROOT_PASSWORD: 'root secret' },
  });
  const tab = await browser.tab(server.url);
  await tab.page.goto('/+users/+new');
  await fillForm(tab.page, { user: 'alice', password: 'alice secret', again: 'alice secret' });
  await tab.context.close();
  return server;
}

describe('the first visit', () => {
  test.each([true, false])('needs no mouse; scripts run: %s', async (hasScripts) => {
    await using server = await startServer(offline);
    const tab = await browser.tab(server.url, { hasScripts });
    const { page } = tab;
    await page.goto('/');
    expect(new URL(page.url()).pathname).toBe('/+setup');

    await page.focus('main [name="password"]');
    await typeForm(page, 'short', 'short');
    expect(await page.textContent('#field-password-error')).toContain('5 characters; at least 8 are needed.');
    if (hasScripts)
      expect(await page.locator('[data-focus]').evaluate((e) => e === document.activeElement)).toBe(true);
    await tab.expectClean();
    await page.focus('main [name="password"]');
    await typeForm(page, 'root secret', 'root secret');
    await tab.expectClean();
    await page.focus('main [name="user"]');
    await typeForm(page, 'alice', 'alice@example.org', 'alice secret', 'alice secret');
    await tab.expectClean();
    await page.focus('main [name="name"]');
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);

    expect(await page.textContent('.copyable code')).toContain('/alice/dev/+simple/');
    await tab.expectClean();
    await tab.expectFits();
    await page.click('text=Go to alice/dev');
    expect(page.url()).toBe(`${server.url}/alice/dev`);
    await tab.context.close();
  });

  test('from elsewhere in the network asks for the key that serve prints', async () => {
    await using server = await startServer({ env: { ...offline.env, WHEELHOUSE_LOG_FORMAT: 'text' } });
    const [key = ''] = /[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}/.exec(server.stderr()) ?? [];
    const url = server.url.replace('127.0.0.1', LAN).replace('localhost', LAN);
    const tab = await browser.tab(url);
    const { page } = tab;
    await page.goto('/+setup');
    expect(await page.textContent('main .note.warning')).toContain('Plain http');
    const fields = { password: 'root secret', again: 'root secret' };

    await fillForm(page, { key: 'wrong', ...fields });
    expect(await page.textContent('#field-key-error')).toContain('not the key');
    await tab.expectClean();
    await fillForm(page, { key, ...fields });

    // Plain http and no localhost: no Sec-Fetch-Site, no __Host- cookie, and still logged in.
    expect(await page.textContent('.steps .now')).toContain('You');
    const [cookie] = await tab.context.cookies();
    expect(cookie).toMatchObject({
      name: `wheelhouse-${new URL(url).port}`,
      secure: false,
      httpOnly: true,
      sameSite: 'Lax',
    });
    await tab.context.close();
  });
});

const noNginx =
  findProgram('nginx') === undefined ? 'nginx is not installed (apt-get install nginx)' : undefined;

test.skipIf(skipWithout(noNginx))(
  'behind nginx below a path everything is where it is said to be',
  async () => {
    await using server = await startServer(offline);
    await using nginx = await startNginx((port) => [
      'location /python/ {',
      `  proxy_pass ${server.url};`,
      `  proxy_set_header X-Outside-Url http://127.0.0.1:${port}/python;`,
      '}',
    ]);
    const tab = await browser.tab(nginx.url);
    const { page } = tab;
    await page.goto('/python/');
    expect(page.url()).toBe(`${nginx.url}/python/+setup`);
    const key = server.log().find(({ msg }) => msg === 'serving')?.['setupKey'] as string;

    await fillForm(page, { key, password: 'root secret', again: 'root secret' });
    await fillForm(page, { user: 'alice', password: 'alice secret', again: 'alice secret' });
    await fillForm(page, {});

    expect(await page.textContent('.copyable code')).toContain(`${nginx.url}/python/alice/dev/+simple/`);
    expect(await page.evaluate(() => document.fonts.check('16px "Source Sans 3"'))).toBe(true);
    await tab.expectClean();
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.waitForURL(`${nginx.url}/python/+account`);
    await page.click('text="Log out"');
    await page.goto('/python/+tokens');
    expect(page.url()).toBe(`${nginx.url}/python/+login?next=%2F%2Btokens`);
    await fillForm(page, { user: 'alice', password: 'alice secret' });
    expect(page.url()).toBe(`${nginx.url}/python/+tokens`);
    await tab.context.close();
  },
);

describe('on a server that is set up', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startSetUp();
  });
  afterAll(async () => await server[Symbol.asyncDispose]());

  describe.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
    ['dark', 390],
  ] as const)('in %s at %d pixels', (theme, width) => {
    test('every page is accessible, asks nobody else and fits', async () => {
      const stranger = await browser.tab(server.url, { theme, width });
      await stranger.page.goto('/+login?next=/+tokens');
      await stranger.expectClean();
      await stranger.expectFits();
      await stranger.context.close();
      const tab = await browser.tab(server.url, { theme, width });
      await logIn(tab, 'root', 'root secret');
      await tab.page.goto('/+tokens/+new');
      await tab.page.check('[name="scope:packages.upload"]');
      await fillForm(tab.page, { name: `for ${theme} ${width}`, on: 'root/pypi', days: '3' });
      await tab.expectClean();
      await tab.expectFits();
      const paths = [
        '/+account',
        '/+tokens',
        '/+tokens/+new',
        '/+users',
        '/+users?q=nobody',
        '/+users/+new',
        '/+groups',
        '/alice',
        '/root',
        '/alice/+edit',
        '/alice/+delete',
      ];
      for (const path of paths) {
        await tab.page.goto(path);
        expect(await tab.page.locator('h1').count(), path).toBe(1);
        await tab.expectClean();
        await tab.expectFits();
      }
      await tab.page.goto('/+groups');
      await fillForm(tab.page, { name: `team-${theme}-${width}`, members: 'alice' });
      await tab.expectClean();
      await tab.expectFits();
      await tab.context.close();
    });
  });

  test('a login ends in every other browser within one request', async () => {
    const [here, there] = [await browser.tab(server.url), await browser.tab(server.url)];
    for (const tab of [here, there]) await logIn(tab, 'alice', 'alice secret');
    await there.page.goto('/+account');
    expect(await there.page.textContent('h1')).toContain('Account');

    await here.page.goto('/+account');
    await here.page.click('text=Log out everywhere else');
    expect(await here.page.textContent('.note.good')).toContain('Every other browser is logged out.');

    await there.page.goto('/+account');
    expect(new URL(there.page.url()).pathname).toBe('/+login');
    await here.page.reload();
    expect(new URL(here.page.url()).pathname).toBe('/+account');
    await here.page.click('text="Log out"');
    await here.page.goto('/+account');
    expect(new URL(here.page.url()).pathname).toBe('/+login');
    for (const tab of [here, there]) await tab.context.close();
  });

  test('a token is shown once, copied, and revoked in a dialog by keys alone', async () => {
    const tab = await browser.tab(server.url);
    const { page, context } = tab;
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    await logIn(tab, 'alice', 'alice secret');
    await page.goto('/+tokens/+new');
    await page.focus('[name="name"]');
    await page.keyboard.type('laptop <i>');
    await page.focus('[name="scope:packages.read"]');
    await page.keyboard.press('Space');
    await page.focus('[name="days"]');
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
    const token = await page.textContent('.copyable code');
    expect(token).toMatch(/^wh_[0-9a-f]{72}$/);
    await page.click('[aria-label="Copy the token"]');
    const copied = await page.evaluate(async () => await navigator.clipboard.readText());
    expect(copied).toBe(token);

    await page.click('text=I have it');
    expect(await page.content()).not.toContain(token);
    await page.focus('a[data-confirm]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog[open]');
    await tab.expectClean();
    await page.keyboard.press('Escape');
    expect(await page.locator('dialog').count()).toBe(0);
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog[open]');
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);

    expect(await page.textContent('.note.good')).toContain('laptop <i> is revoked');
    expect(await page.textContent('tbody')).toContain('revoked');
    const used = await fetch(`${server.url}/+api`, { headers: { authorization: `Bearer ${token}` } });
    expect(await used.json()).toMatchObject({ result: { authstatus: ['noauth', '', []] } });
    await context.close();
  });

  test.each(['localhost', LAN])('a page on another port of %s changes nothing', async (host) => {
    const url = server.url.replace('127.0.0.1', host).replace('localhost', host);
    const tab = await browser.tab(url);
    await logIn(tab, 'alice', 'alice secret');
    const evil = createServer((request, response) => {
      const policy = request.url === '/silent' ? 'no-referrer' : 'strict-origin';
      response.setHeader('content-type', 'text/html').setHeader('referrer-policy', policy);
      response.end(
        `<form method="post" action="${url}/+account/sessions"><input name="all" value="others"></form><form method="post" action="${url}/+logout"></form>`,
      );
    });
    await new Promise<void>((resolve) => void evil.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void evil.close());
    const attacker = `http://${host}:${(evil.address() as AddressInfo).port}`;

    for (const path of ['/', '/silent']) {
      for (const form of [0, 1]) {
        await tab.page.goto(`${attacker}${path}`);
        const [answered] = await Promise.all([
          tab.page.waitForResponse((response) => response.request().method() === 'POST'),
          tab.page.waitForEvent('load'),
          tab.page.evaluate((position) => document.forms[position]?.submit(), form),
        ]);
        expect(answered.status(), `${path} ${form}`).toBe(403);
      }
    }

    await tab.page.goto('/+account');
    expect(await tab.page.textContent('h1')).toContain('Account');
    await tab.context.close();
  });
});
