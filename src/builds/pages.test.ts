import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findIndex } from '#packages';
import { ROOT, testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { startTestSession } from '#test/session.ts';
import { sdistUpload, wheelUpload } from '#test/uploads.ts';
import type { BuildsContext } from './context.ts';
import { BUILDER_PROTOCOL } from './contract.ts';
import { deriveProject } from './needs/derive-project.ts';

const TARGET = 'cp313-linux_x86_64';

let app: TestApp;
let root: string;
let builders = 0;
let auth = ROOT;
beforeAll(async () => {
  app = await testApp({ database: 'sqlite' });
  const password = 'a long password of root';
  await app.request('PATCH', '/root', { json: { password }, auth: ROOT });
  auth = ['root', password];
  ({ cookie: root } = await startTestSession(app, { name: 'root', auth }));
});
afterAll(() => app.close());

const ask = (method: string, path: string, json?: unknown) =>
  app.request(method, path, { auth, ...(json !== undefined && { json }) });

async function send(
  method: 'GET' | 'POST',
  path: string,
  fields?: Readonly<Record<string, string>>,
  { cookie = root, site = 'same-origin' } = {},
) {
  return await app.request(method, path, {
    ...(fields !== undefined && { body: new URLSearchParams(fields).toString() }),
    headers: {
      accept: 'text/html',
      cookie,
      'sec-fetch-site': site,
      ...(fields !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
  });
}

/** A stage that builds, with an sdist, and what is to be built found out. */
async function stage(): Promise<TestIndex> {
  const index = await app.index({ build_targets: ['cp313'] });
  await app.fill(index, sdistUpload());
  await derive(index);
  return index;
}

async function derive({ full }: TestIndex): Promise<void> {
  const [user = '', name = ''] = full.split('/');
  const index = await findIndex(app.context.db, user, name);
  await deriveProject(app.context as BuildsContext, { indexId: index?.id ?? 0, project: 'demo' });
}

async function register() {
  const [name, session] = [`farm-${(builders += 1)}`, `session-${builders}`];
  const body = { name, session, version: '0.1.0', protocol: BUILDER_PROTOCOL, targets: [TARGET] };
  expect((await ask('POST', '/+builders', body)).status).toBe(200);
  return { name, session };
}

/** The number of a build that a builder has begun. */
async function begin(): Promise<number> {
  const { name, session } = await register();
  const { lease } = (await ask('POST', `/+builders/${name}/lease`, { session })).json();
  expect(lease).toMatchObject({ project: 'demo', target: TARGET });
  return (lease as { build: number }).build;
}

const write = (build: number, position: number, text: string) =>
  ask('POST', `/+builds/${build}/log`, { position, text });

const fail = (build: number) =>
  ask('POST', `/+builds/${build}/result`, {
    state: 'failed',
    seconds: 75,
    failure: 'missing-header',
    detail: 'git2.h <b>is</b> missing',
    retryAfterSeconds: null,
    record: { inputs: 'nonsense', python: { version: '3.13.1' } },
  });

test('before anything is built the page says how to begin, and only root sees it', async () => {
  const user = await app.user();
  const { cookie } = await startTestSession(app, user);

  const page = await send('GET', '/+builds');
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('Nothing is built yet')]);
  expect(page.text).toContain('data-copy="wheelhouse build add ');
  expect(page.text).toContain('data-copy="wheelhouse builder ');
  expect((await ask('GET', '/+builds')).json()).toEqual({ waiting: 0, builds: [] });

  expect((await send('GET', '/')).text).toContain('href="/+builds"');
  expect((await send('GET', '/', undefined, { cookie })).text).not.toContain('href="/+builds"');
  expect((await send('GET', '/+builds', undefined, { cookie })).status).toBe(403);
});

test('what is to do, runs and has failed is shown, and what would help', async () => {
  const index = await stage();
  expect((await send('GET', '/+builds')).text).toContain('No builder is at work');
  expect((await send('GET', '/')).text).toContain('No builder is at work, and a build waits.');
  expect((await send('GET', '/+status')).text).toContain('No builder is at work, and a build waits.');
  expect((await app.get('/', { accept: 'text/html' })).text).not.toContain('No builder');
  const build = await begin();
  const during = await send('GET', '/+builds');
  expect(during.text).toContain(`href="/+builds/${build}"`);
  expect(during.text).not.toContain('No builder is at work');
  await write(build, 0, 'collecting\n<script>alert(1)</script>\nhalf a li');
  const running = await send('GET', `/+builds/${build}`);
  expect(running.text).toContain(`data-stream="/+builds/${build}/log/stream" data-last="2"`);
  expect(running.text).not.toContain('half a li');
  await fail(build);

  const { text } = await send('GET', `/+builds/${build}`);

  expect(text).toContain('missing-header');
  expect(text).toContain('git2.h &lt;b&gt;is&lt;/b&gt; missing');
  expect(text).toContain('Install the package with the header');
  expect(text).toContain('1 min 15 s');
  expect(text).toContain('3.13.1');
  expect(text).toContain(`href="${index.path}/demo/1.0"`);
  expect(text).toContain('half a li');
  expect(text).not.toMatch(/<script>alert|data-stream/);
  const list = await send('GET', '/+builds?state=failed&project=Demo');
  expect(list.text).toContain(`href="/+builds/${build}"`);
  expect((await send('GET', '/+builds?state=succeeded')).text).toContain('No build that fits');
  expect((await send('GET', '/+builds?state=odd')).status).toBe(400);
  const log = await send('GET', `/+builds/${build}/log`);
  expect([log.headers['content-type'], log.text.split('\n')[0]]).toEqual([
    'text/plain; charset=utf-8',
    'collecting',
  ]);

  const elsewhere = await send('POST', `/+builds/${build}/retry`, {}, { site: 'cross-site' });
  expect(elsewhere.status).toBe(403);
  const events = await send('GET', '/+events?q=type:builds');
  expect(events.text).toContain('could not build');
  expect(events.text).toContain('registered the builder');
  const again = await send('POST', `/+builds/${build}/retry`, {});
  expect([again.status, again.headers['location']]).toEqual([
    303,
    expect.stringContaining(`/+builds/${build}`),
  ]);
  await derive(index);
  expect(await begin()).toBeGreaterThan(build);
});

test('files that were built are shown with what went in', async () => {
  const index = await stage();
  const build = await begin();
  const wheel = wheelUpload();
  const sha256 = createHash('sha256').update(wheel.content).digest('hex');
  const path = `/+builds/${build}/files/${wheel.filename}?sha256=${sha256}`;
  await app.request('PUT', path, {
    body: wheel.content,
    auth,
    headers: { 'content-type': 'application/octet-stream' },
  });
  const inputs = [{ filename: 'setuptools-80.0-py3-none-any.whl', sha256: 'f'.repeat(64) }];
  const record = { inputs, notes: ['demo was imported'] };
  const result = { state: 'succeeded', seconds: 2, files: [wheel.filename], record };
  expect((await ask('POST', `/+builds/${build}/result`, result)).status).toBe(200);

  const { text } = await send('GET', `/+builds/${build}`);

  const link = /href="(\/[^"]+\.whl)"/.exec(text)?.[1] ?? '';
  expect(link).toContain(`${index.path}/+f/`);
  expect((await app.get(link)).bytes).toEqual(wheel.content);
  expect(text).toContain('setuptools-80.0-py3-none-any.whl');
  expect(text).toContain('demo was imported');
});

test('the log of a build that runs is followed to its end', async () => {
  await stage();
  const build = await begin();
  await write(build, 0, 'one\ntwo\n');
  const response = await fetch(`${app.url}/+builds/${build}/log/stream?after=1`, {
    headers: { accept: 'text/event-stream', cookie: root },
  });
  let heard = '';
  let step = 0;
  for await (const chunk of response.body ?? []) {
    heard += Buffer.from(chunk).toString();
    if (step === 0 && heard.includes('id="L2"')) {
      step = 1;
      await write(build, 8, 'thr');
      await write(build, 11, 'ee\nfour');
    } else if (step === 1 && heard.includes('id="L3"')) {
      step = 2;
      expect(heard).not.toContain('id="L4"');
      await fail(build);
    }
  }

  expect(heard).not.toContain('id="L1"');
  expect(heard).toMatch(/^id: 3$/m);
  expect(heard).toContain('>three');
  expect(heard).toContain('>four');
  expect(heard).toContain('The build is over');
  expect(heard).toMatch(/^event: end$/m);
});

test('a build is cancelled after a question', async () => {
  await stage();
  const build = await begin();
  expect((await send('GET', `/+builds/${build}/cancel`)).text).toContain(`Cancel build ${build}?`);
  expect((await send('POST', `/+builds/${build}/cancel`, {})).status).toBe(303);
  expect((await send('GET', `/+builds/${build}`)).text).toContain('cancelled by root');
  expect((await send('POST', `/+builds/${build}/cancel`, {})).status).toBe(409);
});

test('a project is added, shown version by target, and removed', async () => {
  const index = await app.index();
  await app.fill(index, sdistUpload());
  await app.fill(index, sdistUpload({ version: '2.0' }));
  await app.fill(index, wheelUpload({ version: '2.0', tag: 'cp313-cp313-manylinux_2_17_x86_64' }));
  const wrong = await send('POST', '/+builds/projects', {
    requirements: 'de mo',
    targets: 'cp313',
    index: index.full,
  });
  expect([wrong.status, wrong.text]).toEqual([422, expect.stringContaining('does not name a project')]);
  expect(wrong.text).toContain('>de mo</textarea>');
  expect((await send('POST', '/+builds/projects', {})).status).toBe(422);

  const fields = { requirements: 'demo>=1,<3\n', targets: 'cp311, cp313', index: index.full };
  expect((await send('POST', '/+builds/projects', fields)).status).toBe(303);

  const path = `/+builds/projects${index.path}/demo`;
  expect((await send('GET', '/+builds/projects')).text).toContain(`href="${path}"`);
  expect(await matrixOf(path)).toEqual([
    ['Version', 'cp311-linux_x86_64', TARGET],
    ['2.0', 'waiting', 'upstream'],
    ['1.0', 'waiting', 'waiting'],
  ]);
  const { session, name } = await register();
  const { lease } = (await ask('POST', `/+builders/${name}/lease`, { session })).json();
  expect(lease).toMatchObject({ version: '1.0', target: TARGET });
  expect(await matrixOf(path)).toContainEqual(['1.0', 'waiting', 'running']);
  await fail(lease.build);
  expect(await matrixOf(path)).toContainEqual(['1.0', 'waiting', 'missing-header']);
  expect((await send('GET', path)).text).toContain(`href="/+builds/${lease.build}"`);
  await ask('POST', `/+builds/${lease.build}/retry`);
  expect(await matrixOf(path)).toContainEqual(['1.0', 'waiting', 'again']);

  const skip = { target: 'cp311', reason: 'no <Python> 3.11 here' };
  expect((await ask('POST', `${path}/skip`, skip)).status).toBe(200);
  await derive(index);
  expect(await matrixOf(path)).toContainEqual(['1.0', 'skipped no &lt;Python&gt; 3.11 here', 'again']);
  expect((await ask('GET', '/+builds/projects')).json().projects).toMatchObject([{ waiting: 1 }]);
  expect((await ask('POST', `${path}/unskip`, { target: 'cp313' })).status).toBe(404);
  expect((await ask('POST', `${path}/unskip`, { target: 'cp311-linux_x86_64' })).status).toBe(200);
  await derive(index);
  expect(await matrixOf(path)).toContainEqual(['1.0', 'waiting', 'again']);
  const one = { version: '1.0.0', target: 'cp313' };
  expect((await ask('POST', `${path}/skip`, one)).status).toBe(200);
  expect(await matrixOf(path)).toContainEqual(['1.0', 'waiting', 'skipped']);

  expect((await send('GET', `${path}/+remove`)).text).toContain('Build no more wheels of demo?');
  expect((await send('POST', `${path}/+remove`, {})).status).toBe(303);
  expect((await send('GET', path)).status).toBe(404);
});

/** The texts of the table, row by row. */
async function matrixOf(path: string): Promise<string[][]> {
  const { text } = await send('GET', path);
  const [table = ''] = /<table>.*<\/table>/s.exec(text) ?? [];
  return [...table.matchAll(/<tr.*?<\/tr>/gs)].map(([row]) =>
    [...row.matchAll(/<t[hd].*?<\/t[hd]>/gs)].map(([cell]) => cell.replace(/<[^>]*>/g, '').trim()),
  );
}

test('builders are paused, resumed and drained', async () => {
  const { name } = await register();
  const change = async (state: string) => (await send('POST', `/+builders/${name}`, { state })).status;
  expect(await change('paused')).toBe(303);
  expect((await send('GET', '/+builders')).text).toMatch(new RegExp(`Resume<span class="hidden"> ${name}<`));
  expect([await change('active'), await change('draining'), await change('odd')]).toEqual([303, 303, 400]);
  expect((await send('GET', '/+builders')).text).toContain('draining');
  expect((await send('GET', '/+builds')).text).toContain(name);
});
