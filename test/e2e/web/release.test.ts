import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metadataText } from '#test/archives.ts';
import { startBrowser, type Tab, type TestBrowser } from '#test/browser.ts';
import { FixtureIndex } from '#test/fixture-index.ts';
import { createIndex, request, sdistUpload, uploadAll, wheelUpload, type Account } from '#test/index-api.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

const README = `# demo

![build](https://img.example/build.svg) [![coverage](https://cov.example/badge.svg)](https://cov.example)

demo counts the words of a text quickly, in C, and without loading the text into memory.
It has one function and one command, no dependencies on Linux, and type hints.

## Install

\`\`\`console
$ pip install demo
\`\`\`

## Use

\`\`\`python
from demo import count

with open("war-and-peace.txt", "rb") as text:
    words = count(text, normalize="NFC")   # a collections.Counter

print(words.most_common(3))
\`\`\`

On a laptop it reads 1.9 GB per second. [The figures](https://figures.example/demo) are measured on every release.

| machine | GB/s |
|---------|-----:|
| laptop  | 1.9  |
| server  | 4.2  |

שלום עולם 🍰 <script>document.title = 'taken'</script><img src=x onerror="document.title='taken'">
`;
const METADATA = {
  'Metadata-Version': '2.4',
  Summary: 'A demonstration of everything: a library with a C extension, a command and tests.',
  'Requires-Python': '>=3.10',
  'License-Expression': 'Apache-2.0',
  Author: 'Shop team',
  'Description-Content-Type': 'text/markdown',
  'Project-URL': [
    'Source, https://git.example/demo',
    'Issues, https://git.example/demo/issues',
    'Bad, javascript:alert(1)',
  ],
  'Provides-Extra': ['test', 'docs'],
  'Requires-Dist': [
    'typing-extensions>=4.9',
    'click>=8.1,<9',
    'tomli>=2; python_version < "3.11"',
    'pytest; extra == "test"',
    'sphinx>=7; extra == "docs"',
  ],
};
const TAGS = [
  'cp314-cp314-manylinux_2_28_x86_64',
  'cp314-cp314-manylinux_2_28_aarch64',
  'cp312-abi3-macosx_11_0_arm64',
];

let server: ServerProcess;
let browser: TestBrowser;
let upstream: FixtureIndex;
let owner: Account;
beforeAll(async () => {
  upstream = await FixtureIndex.start();
  upstream.set(
    'demo',
    ['0.1', '1.3.0'].map((version) => ({
      filename: `demo-${version}.tar.gz`,
      bytes: Buffer.of(1),
      uploadTime: '2016-02-03T04:05:06Z',
    })),
  );
  upstream.set('click', [
    {
      filename: 'click-8.1.0-py3-none-any.whl',
      bytes: Buffer.from('wheel'),
      metadata: metadataText({
        name: 'click',
        version: '8.1.0',
        metadata: { Summary: 'Command lines' },
        description: 'Composable *command lines*\n==========================\n\nText.',
      }),
    },
  ]);
  [server, browser] = await Promise.all([
    startServer({
      env: {
        WHEELHOUSE_OFFLINE: 'no',
        WHEELHOUSE_PACKAGES_MIRROR_PRIVATE_ADDRESSES: 'anyone',
        NO_PROXY: '127.0.0.1',
      },
    }),
    startBrowser(),
  ]);
  const mirror = await createIndex(server, 'root2/pypi', { type: 'mirror', mirror_url: upstream.url });
  await request(server, 'GET', '/root2/pypi/+simple/demo/');
  const prod = await createIndex(server, 'alice/prod', { bases: [mirror.index], acl_upload: ['alice'] });
  owner = await createIndex(server, 'alice/dev', { bases: [prod.index], acl_upload: ['alice'] });
  for (const version of ['1.3.9', '1.4.0', '1.4.1', '1.4.2']) {
    await uploadAll(prod, [
      ...TAGS.map((tag) => wheelUpload({ version, tag, metadata: METADATA, description: README })),
      sdistUpload({ version, metadata: METADATA, description: README }),
    ]);
  }
  await uploadAll(owner as never, [
    wheelUpload({ version: '1.5.0.dev7', metadata: METADATA, description: README }),
    wheelUpload({ version: '1.4.2', tag: 'cp314-cp314-win_amd64', metadata: METADATA, description: README }),
  ]);
  const yank = await request(server, 'PUT', '/alice/prod/demo/1.4.1/+yank', owner, {
    reason: 'wrong default port <b>',
  });
  expect(yank.status).toBe(200);
  const hostile = '<b onclick=alert(1)>\u202e"\'&';
  await uploadAll(owner as never, [
    wheelUpload({
      name: 'hostile',
      metadata: {
        Summary: hostile,
        Author: hostile,
        License: hostile,
        'Home-Page': 'javascript:alert(1)',
        'Requires-Dist': hostile,
        'Requires-Python': '>=3',
      },
      description: '>'.repeat(5000),
    }),
  ]);
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await upstream.close();
});

const PAGES = [
  ['/alice/dev/demo', 'demo · alice/dev · Wheelhouse'],
  ['/alice/dev/+why/demo', 'Why demo · alice/dev · Wheelhouse'],
  ['/alice/dev/demo/+history', 'History of demo · alice/dev · Wheelhouse'],
  ['/alice/prod/demo/1.4.2', 'demo 1.4.2 · alice/prod · Wheelhouse'],
  ['/alice/dev/demo/1.4.1', 'demo 1.4.1 · alice/dev · Wheelhouse'],
  ['/alice/dev/demo/1.4.2/+files', 'demo 1.4.2 · alice/dev · Wheelhouse'],
  ['/alice/dev/demo/1.4.2/+dependencies', 'demo 1.4.2 · alice/dev · Wheelhouse'],
  ['/alice/dev/demo/1.4.2/+metadata', 'demo 1.4.2 · alice/dev · Wheelhouse'],
  ['/alice/dev/demo/1.4.1/+history', 'demo 1.4.1 · alice/dev · Wheelhouse'],
  ['/alice/dev/hostile/1.0', 'hostile 1.0 · alice/dev · Wheelhouse'],
  ['/root2/pypi/click/latest', 'click 8.1.0 · root2/pypi · Wheelhouse'],
] as const;

describe.each([
  ['light', 1280],
  ['dark', 1280],
  ['light', 390],
  ['dark', 390],
] as const)('in %s at %d pixels', (theme, width) => {
  test('pages of projects and releases are accessible, ask nobody else and fit', async () => {
    const tab = await browser.tab(server.url, { theme, width });
    for (const [path, title] of PAGES) {
      await tab.page.goto(path);
      await keep(tab, `${theme}-${width}-${path.replaceAll('/', '_')}`);
      expect(await tab.page.title()).toBe(title);
      await tab.expectFits();
      await tab.expectClean();
    }
    await tab.context.close();
  });
});

test('who may, sees what to do; without scripts, too', async () => {
  const { page, context } = await browser.tab(server.url, { hasScripts: false });
  await page.goto('/alice/dev/demo/1.5.0.dev7');
  expect(await page.getByRole('link', { name: /Yank|Remove/ }).count()).toBe(0);

  await page.goto('/+login?next=/alice/dev/demo/1.5.0.dev7');
  await page.getByLabel('User name').fill('alice');
  await page.getByLabel('Password').fill('secret of alice');
  await page.getByRole('button', { name: 'Log in' }).click();

  expect(new URL(page.url()).pathname).toBe('/alice/dev/demo/1.5.0.dev7');
  expect(await page.getByRole('link', { name: /Yank|Remove/ }).allTextContents()).toEqual([
    'Yank…',
    'Remove…',
  ]);
  await keep({ page }, 'owner-release');
  await page.goto('/alice/dev/demo');
  await keep({ page }, 'owner-project');
  for (const name of ['Remove project…', 'Upload', 'Refresh']) {
    await page.goto('/alice/dev/demo');
    const answer = page.waitForResponse((response) => response.request().isNavigationRequest());
    await page.getByRole(name === 'Refresh' ? 'button' : 'link', { name, exact: true }).click();
    expect([200, 303], name).toContain((await answer).status());
  }
  for (const name of ['Yank…', 'Remove…']) {
    await page.goto('/alice/dev/demo/1.5.0.dev7');
    const answer = page.waitForResponse((response) => response.request().isNavigationRequest());
    await page.getByRole('link', { name, exact: true }).click();
    expect((await answer).status(), name).toBe(200);
  }
  // What another index has is changed there.
  await page.goto('/alice/dev/demo/1.4.0');
  expect(await page.getByRole('link', { name: /Yank|Remove/ }).count()).toBe(0);
  await context.close();
});

/** For people who look at them: into the directory that WHEELHOUSE_SCREENSHOTS names. */
async function keep({ page }: Pick<Tab, 'page'>, name: string): Promise<void> {
  const directory = process.env['WHEELHOUSE_SCREENSHOTS'];
  if (directory !== undefined)
    await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
}
