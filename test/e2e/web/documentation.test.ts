import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser, type Tab, type TestBrowser } from '#test/browser.ts';
import { openClientSession } from '#test/client-session.ts';
import { clientPath } from '#test/clients.ts';
import { createIndex, type Account } from '#test/index-api.ts';
import { runChecked } from '#test/run-command.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

const PAGE = `Weather
=======

How cumulonimbus forms. See :doc:\`other\`.

.. code-block:: python

   print("rain")
`;

/** Tries what a page of another user must not be able to do, and tells how it went. */
const HOSTILE = `<!doctype html><html><head><title>starts</title></head><body><script>
(async () => {
  const went = {};
  const attempt = async (name, work) => { try { went[name] = await work(); } catch (e) { went[name] = 'refused'; } };
  await attempt('cookie', () => document.cookie || 'none');
  await attempt('origin', () => self.origin);
  await attempt('account', async () => (await fetch('/+account', { credentials: 'include' })).status);
  await attempt('change', async () =>
    (await fetch('/alice', { method: 'PATCH', credentials: 'include', mode: 'no-cors', body: '{"title":"taken"}' })).type);
  await attempt('worker', async () => { await navigator.serviceWorker.register('/alice/dev/hostile/1.0/+doc/worker.js'); return 'registered'; });
  await attempt('opener', () => String(window.top.document.title));
  document.title = JSON.stringify(went);
})();
</script><form id="form" method="post" action="/+tokens"><input name="name" value="stolen"></form></body></html>`;

let server: ServerProcess;
let browser: TestBrowser;
let owner: Account & { readonly url: string };
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
  owner = await createIndex(server, 'alice/dev', { acl_upload: ['alice'] });
  await createIndex(server, 'alice/closed', { acl_upload: ['alice'], acl_read: ['alice'] });
  await using client = await openClientSession();
  const source = join(client.directory, 'docs');
  await mkdir(source);
  await writeFile(join(source, 'conf.py'), "project = 'demo'\nextensions = []\n");
  await writeFile(join(source, 'index.rst'), `${PAGE}\n.. toctree::\n\n   other\n`);
  await writeFile(join(source, 'other.rst'), 'Other\n=====\n\nAbout stratocumulus.\n');
  await runChecked([clientPath('sphinx-build'), '-q', '-b', 'html', source, join(client.directory, 'html')]);
  const python = clientPath('python');
  const zip = join(client.directory, 'demo-1.0.doc.zip');
  await runChecked([
    python,
    '-c',
    'import shutil, sys; shutil.make_archive(sys.argv[1][:-4], "zip", sys.argv[2])',
    zip,
    join(client.directory, 'html'),
  ]);
  const hostile = join(client.directory, 'hostile');
  await mkdir(hostile);
  await writeFile(join(hostile, 'index.html'), HOSTILE);
  await writeFile(join(hostile, 'worker.js'), 'self.addEventListener("fetch", () => {});');
  const other = join(client.directory, 'hostile-1.0.doc.zip');
  await runChecked([
    python,
    '-c',
    'import shutil, sys; shutil.make_archive(sys.argv[1][:-4], "zip", sys.argv[2])',
    other,
    hostile,
  ]);
  for (const index of ['alice/dev', 'alice/closed']) {
    for (const argv of [
      ['use', `${server.url}/${index}`],
      ['login', 'alice', '--password', owner.password],
      ['upload', zip, other],
    ]) {
      const { exitCode, stdout, stderr } = await client.run('devpi', argv);
      expect(exitCode, stdout + stderr).toBe(0);
    }
  }
}, 120_000);
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function signedIn(): Promise<Tab> {
  const tab = await browser.tab(server.url);
  await tab.page.goto('/+login');
  await tab.page.getByLabel('User').fill('alice');
  await tab.page.getByLabel('Password').fill(owner.password);
  await tab.page.getByRole('button', { name: 'Log in' }).click();
  await tab.page.waitForURL((url) => url.pathname !== '/+login');
  return tab;
}

describe('documentation that Sphinx built', () => {
  test.each(['dev', 'closed'])(
    'is shown on %s with its styles, and searches where scripts may run',
    async (index) => {
      const { page } = await signedIn();
      const failed: string[] = [];
      page.on('response', (response) => {
        if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`);
      });
      page.on('pageerror', (error) => {
        if (!String(error).includes('Failed to fetch')) failed.push(String(error));
      });

      await page.goto(`/alice/${index}/demo/1.0/+doc/`);
      await page.getByRole('link', { name: 'Other' }).first().click();
      await page.getByText('About stratocumulus.').waitFor();
      await page.goBack();
      const styled = await page.evaluate(() =>
        String([...document.styleSheets].filter((sheet) => sheet.ownerNode !== null).length),
      );
      expect(styled).toMatch(/[1-9]$/);
      if (index === 'closed') {
        expect(failed).toEqual([]);
        return;
      }
      await page.locator('input[name=q]').first().fill('stratocumulus');
      await page.keyboard.press('Enter');
      await page.waitForURL(/search\.html\?q=stratocumulus/);
      await page
        .locator('#search-results a', { hasText: 'Other' })
        .waitFor({ timeout: 10_000 })
        .catch((error: unknown) => failed.push(String(error)));

      // What is found is listed; the excerpts are fetched, which a page without an origin may not.
      expect(failed).toEqual([]);
    },
  );
});

test('stands below the top of our pages, and is found by its words', async () => {
  const tab = await signedIn();

  await tab.page.goto('/alice/dev/demo/1.0');
  await tab.page.getByRole('link', { name: 'Documentation' }).click();

  await tab.page.frameLocator('iframe').getByText('How cumulonimbus forms.').waitFor();
  await expect
    .poll(
      async () => {
        await tab.page.goto('/+search?q=stratocumulus');
        return await tab.page.locator('mark').allTextContents();
      },
      { timeout: 30_000 },
    )
    .toContain('stratocumulus');
});

describe('a page that somebody uploaded', () => {
  test('can do nothing as its reader', async () => {
    const { page, context } = await signedIn();
    const cookies = await context.cookies();
    expect(cookies.length).toBeGreaterThan(0);

    await page.goto('/alice/dev/hostile/1.0/+doc/index.html');
    await page.waitForFunction(() => document.title.startsWith('{'));

    expect(JSON.parse(await page.title())).toEqual({
      cookie: 'refused',
      origin: 'null',
      account: 'refused',
      change: expect.anything(),
      worker: 'refused',
      opener: expect.anything(),
    });
    await page.evaluate(() => (document.querySelector('#form') as HTMLFormElement).submit());
    await page.waitForLoadState();
    const answer = await fetch(`${server.url}/alice`, { headers: { accept: 'application/json' } });
    expect(await answer.text()).not.toContain('taken');
  });
});
