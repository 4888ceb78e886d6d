import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '#kernel/process/run.ts';
import { JobRunner } from '#kernel/jobs/job-runner.ts';
import { ROOT, testApp, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';
import { WebhookReceiver, type Received } from '#test/webhook-receiver.ts';
import type { PackagesContext } from '../context.ts';
import { deliverWebhooks } from './deliver-webhooks.ts';
import { jenkinsScript } from './jenkins-script.ts';

describe.each(databases)('uploadtrigger_jenkins on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database, clock, settings: { 'outside-url': 'https://packages.example.org/sub' } });
  });
  afterAll(() => app.close());

  async function work(): Promise<void> {
    const source = { db: app.context.db, dialect: database } as never;
    await new JobRunner(source, clock, app.context.log, [
      deliverWebhooks(app.context as PackagesContext),
    ]).runDue();
  }

  async function setTrigger(index: TestIndex, value: string, auth: Auth = ROOT) {
    const response = await app.request('PATCH', index.path, {
      json: [`uploadtrigger_jenkins=${value}`],
      auth,
    });
    expect(response.status, response.text).toBe(200);
    return response.json().result as Record<string, unknown>;
  }

  async function partsOf({ body, headers }: Received): Promise<FormData> {
    return await new Response(new Uint8Array(body), {
      headers: { 'content-type': String(headers['content-type']) },
    }).formData();
  }

  test('starts the job of each release that is uploaded, with a script that tests it', async () => {
    await using jenkins = await WebhookReceiver.start();
    jenkins.answer = (response) => void response.writeHead(201).end();
    const index = await app.index();
    const url = jenkins.url.replace('http://', 'http://ci:geheim@');
    const shown = await setTrigger(index, `${url}/{pkgname}/{pkgversion}/build?delay=0sec`);
    expect(shown['uploadtrigger_jenkins']).toBe(`${jenkins.url}/{pkgname}/{pkgversion}/build?delay=0sec`);

    await app.fill(index, wheelUpload({ name: 'Demo.One', version: '1.0+local' }));
    await work();

    const [request, ...more] = jenkins.received;
    expect(more).toEqual([]);
    expect(request?.path).toBe('/hook/demo-one/1.0%2Blocal/build?delay=0sec');
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from('ci:geheim').toString('base64')}`);
    const parts = await partsOf(request as Received);
    expect([parts.get('Submit'), parts.get('name')]).toEqual(['Build', 'jobscript.py']);
    expect(JSON.parse(String(parts.get('json')))).toEqual({
      parameter: { name: 'jobscript.py', file: 'file0' },
    });
    const script = await (parts.get('file0') as File).text();
    expect(script).toContain(`INDEX = "https://packages.example.org/sub/${index.full}"`);
    expect(script).toContain('RELEASE = "demo-one==1.0+local"');
    const hooks = await app.request('GET', `${index.path}/+webhooks`, { auth: index.user.auth });
    expect(hooks.json().result).toEqual([
      expect.objectContaining({
        kind: 'jenkins',
        health: 'working',
        url: `${jenkins.url}/{pkgname}/{pkgversion}/build?delay=0sec`,
      }),
    ]);
    expect(app.logged).not.toContain('geheim');
  });

  test('does nothing where it is empty, and no more when it is taken away', async () => {
    await using jenkins = await WebhookReceiver.start();
    const index = await app.index({ uploadtrigger_jenkins: null });
    await app.fill(index, wheelUpload());
    await setTrigger(index, jenkins.url);
    await app.fill(index, wheelUpload({ version: '2.0' }));
    await app.request('PATCH', index.path, { json: ['uploadtrigger_jenkins-='], auth: index.user.auth });
    await app.fill(index, wheelUpload({ version: '3.0' }));
    await work();

    expect(jenkins.received).toEqual([]);
  });

  test('reaches a private address only where root has set it', async () => {
    await using jenkins = await WebhookReceiver.start();
    const index = await app.index();
    await setTrigger(index, jenkins.url, index.user.auth);
    await app.fill(index, wheelUpload());
    await work();
    expect(jenkins.received).toEqual([]);

    await setTrigger(index, jenkins.url);
    clock.advance(60_000);
    await work();
    expect(jenkins.received).toHaveLength(1);
    await setTrigger(index, `${jenkins.url}/other`, index.user.auth);
    await app.fill(index, wheelUpload({ version: '2.0' }));
    await work();
    expect(jenkins.received).toHaveLength(1);
  });

  test('is disabled when Jenkins is gone, and has another chance with another address', async () => {
    await using jenkins = await WebhookReceiver.start();
    const { answer } = jenkins;
    jenkins.answer = (response) => void response.writeHead(410).end();
    const index = await app.index();
    await setTrigger(index, jenkins.url);
    for (const version of ['1.0', '2.0']) {
      await app.fill(index, wheelUpload({ version }));
      await work();
    }
    expect(jenkins.received).toHaveLength(1);

    jenkins.answer = answer;
    await setTrigger(index, `${jenkins.url}/new`);
    await app.fill(index, wheelUpload({ version: '3.0' }));
    await work();
    expect(jenkins.received.map(({ path }) => path)).toEqual(['/hook', '/hook/new']);
  });
});

test('the script for Jenkins is Python, whatever names are in it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'jenkins-'));
  try {
    const path = join(directory, 'jobscript.py');
    const indexUrl = 'http://localhost/"ü😀\\/dev';
    await writeFile(path, jenkinsScript({ indexUrl, project: 'demo', version: '1.0' }));
    const reading =
      'import ast,sys;t=ast.parse(open(sys.argv[1]).read());print([ascii(n.value.value) for n in t.body if isinstance(n,ast.Assign) and isinstance(n.value,ast.Constant)])';
    const { stdout, exitCode } = await run(['python3', '-c', reading, path]);

    expect([exitCode, stdout.trim()]).toEqual([
      0,
      `['\\'http://localhost/"\\\\xfc\\\\U0001f600\\\\\\\\/dev\\'', "'demo==1.0'"]`,
    ]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
