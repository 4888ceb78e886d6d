import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { sdistUpload, wheelUpload } from '#test/uploads.ts';

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const WHEEL = 'demo-1.0-py3-none-any.whl';
const HOSTILE = `<script>alert(1)</script>\u202e"'`;

const environment = (retcode: number | string, output = 'told') => ({
  python: { version: '3.11.2 (main)' },
  setup: [{ command: ['pip', 'install', 'x'], output: 'installed', retcode: 0 }],
  test: [{ command: ['pytest', '-q'], output, retcode }],
});

describe('pages of test results', () => {
  let app: TestApp;
  let index: TestIndex;
  beforeAll(async () => {
    app = await testApp({ database: 'sqlite' });
  });
  afterAll(async () => await app.close());

  /** An index with a file that has these results, and their names. */
  async function filled(...reports: unknown[]): Promise<string[]> {
    index = await app.index();
    await app.fill(index, wheelUpload(), sdistUpload());
    const path = await app.filePath(index, WHEEL);
    const names: string[] = [];
    for (const json of reports) {
      const answer = await app.request('POST', path, { json, auth: index.user.auth });
      expect(answer.status, answer.text).toBe(200);
      names.push(String(answer.json().result).split('#')[0]?.split('/').at(-1) ?? '');
    }
    return names;
  }

  const page = (below = '') => app.get(`${index.path}/demo/1.0${below}`, BROWSER);

  test('the release says beside each file how its tests went at last', async () => {
    await filled(
      { testenvs: { py311: environment(1), py312: environment(0) } },
      { testenvs: { py311: environment('0'), '.pkg': { setup: [], test: [] } } },
    );

    const { text } = await page();

    expect(text).toContain('tests passed');
    expect(text).not.toContain('tests failed');
    expect(text).toContain('title="py311: passed"');
    expect(text).toContain('title="py312: passed"');
    expect(text).not.toContain('.pkg');
    expect(text).toContain('2 results');
    expect(text).toContain(`href="${index.path}/demo/1.0/+toxresults/${WHEEL}"`);
  });

  test.each([
    ['a command that fails', environment(2), 'tests failed'],
    ['a return code as text', environment('1'), 'tests failed'],
    ['a setup that fails', { setup: [{ retcode: 1 }], test: [] }, 'tests failed'],
    ['an environment that could not be made', { result: { success: false } }, 'tests failed'],
    ['no command', { setup: [{ retcode: 0 }] }, 'no tests'],
    ['tests that pass', environment(0), 'tests passed'],
  ])('%s is told as it is', async (_what, each, word) => {
    await filled({ testenvs: { py: each } });

    expect((await page()).text).toContain(word);
  });

  test('a page lists all results of a file, newest first', async () => {
    const [old, recent] = await filled({ testenvs: { py: environment(1) } }, { host: 'box', testenvs: {} });

    const { status, text } = await page(`/+toxresults/${WHEEL}`);

    expect(status).toBe(200);
    expect(text.indexOf(String(recent))).toBeLessThan(text.indexOf(String(old)));
    expect(text).toContain('tests failed');
    expect(text).toContain('box');
    expect((await page('/+toxresults/demo-1.0.tar.gz')).text).toContain('Nobody has told');
    expect((await page('/+toxresults/absent.whl')).status).toBe(404);
    expect((await page(`/+toxresults/${WHEEL}/absent`)).status).toBe(404);
  });

  test('another shows what was run, and the end of what was written', async () => {
    const output = `${'long '.repeat(10_000)}\n\u001b[31mE  assert 1 == 2\u001b[0m\r\n`;
    const [name] = await filled({ host: 'box', platform: 'linux', testenvs: { py: environment(1, output) } });

    const { status, text } = await page(`/+toxresults/${WHEEL}/${name}`);

    expect(status).toBe(200);
    for (const shown of ['box', 'linux', 'pytest -q', 'exit 1', 'E  assert 1 == 2', 'Python', 'installed']) {
      expect(text).toContain(shown);
    }
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('[31m');
    expect(text).toMatch(/\d+ characters before this are left out/);
    expect(text.length).toBeLessThan(60_000);
    const raw = /href="([^"]*\.whl\.toxresult-[^"]*)"/.exec(text.slice(text.indexOf('<dl')))?.[1] ?? '';
    expect((await app.get(raw)).json().testenvs.py.test[0].output).toBe(output);
  });

  test('hostile reports stay harmless', async () => {
    const testenvs = Object.fromEntries(
      Array.from({ length: 500 }, (_, n) => [`${HOSTILE}${n}`, environment(1, HOSTILE)]),
    );
    const [name] = await filled(
      JSON.parse(
        JSON.stringify({
          host: HOSTILE,
          platform: HOSTILE,
          toxversion: 'x'.repeat(5000),
          testenvs: { ...testenvs, constructor: environment(0) },
        }),
      ),
    );

    for (const below of ['', '/+files', `/+toxresults/${WHEEL}`, `/+toxresults/${WHEEL}/${name}`]) {
      const { status, text } = await page(below);
      expect(status).toBe(200);
      expect(text).not.toContain('<script>alert');
      expect(text).not.toContain('\u202e');
      expect(text.length).toBeLessThan(1_500_000);
    }
  });

  test('are for who may read the index', async () => {
    const [name] = await filled({ testenvs: {} });
    const json = { acl_read: [index.user.name] };
    await app.request('PATCH', index.path, { json, auth: index.user.auth });

    for (const below of [`/+toxresults/${WHEEL}`, `/+toxresults/${WHEEL}/${name}`]) {
      expect((await page(below)).headers['location']).toMatch(/^\/\+login/);
    }
  });
});
