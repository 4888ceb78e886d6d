import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JobRunner } from '#kernel/jobs/job-runner.ts';
import { ROOT, testApp, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';
import { isSigned, WebhookReceiver } from '#test/webhook-receiver.ts';
import type { PackagesContext } from '../context.ts';
import { deliverWebhooks } from './deliver-webhooks.ts';
import { forgetDeliveries } from './forget-deliveries.ts';
import { trimDeliveries } from './store.ts';

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;

interface Added {
  readonly id: string;
  readonly secret: string;
}

describe.each(databases)('webhooks on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({
      database,
      clock,
      settings: { 'packages.webhook-private-addresses': 'anyone' },
    });
  });
  afterAll(() => app.close());

  async function add(index: TestIndex, url: string, events: readonly string[] = []): Promise<Added> {
    const response = await app.request('POST', `${index.path}/+webhooks`, {
      json: { url, events },
      auth: index.user.auth,
    });
    expect(response.status, response.text).toBe(201);
    expect(response.headers['cache-control']).toBe('no-store');
    return response.json().result as Added;
  }

  // oxlint-disable-next-line typescript/no-explicit-any
  async function read(index: TestIndex, { id }: Added): Promise<any> {
    const response = await app.request('GET', `${index.path}/+webhooks/${id}`, { auth: index.user.auth });
    expect(response.status, response.text).toBe(200);
    return response.json().result;
  }

  /** Runs what is due in this process; returns how many jobs ran. */
  async function work(on = app): Promise<number> {
    const handlers = [deliverWebhooks(on.context as PackagesContext)];
    const source = { db: on.context.db, dialect: database } as never;
    return await new JobRunner(source, clock, on.context.log, handlers).runDue();
  }

  test('are told, signed, of what happens on their index, and of nothing else', async () => {
    await using receiver = await WebhookReceiver.start();
    const [index, other] = [await app.index(), await app.index()];
    const added = await add(index, receiver.url, ['packages.file-uploaded']);
    expect(await app.events()).toEqual(['packages.webhook-changed']);
    expect(added).toMatchObject({ health: 'working', url: receiver.url, created_by: index.user.name });

    await app.fill(other, wheelUpload());
    await app.fill(index, wheelUpload());
    expect(receiver.received).toEqual([]);
    await work();

    const [request, ...more] = receiver.received;
    expect(more).toEqual([]);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-timestamp': String(Math.floor(clock.now() / SECOND_MS)),
    });
    expect(request !== undefined && isSigned(request, added.secret)).toBe(true);
    expect(JSON.parse(String(request?.body))).toEqual({
      type: 'packages.file-uploaded',
      timestamp: new Date(clock.now()).toISOString(),
      serial: expect.any(Number),
      actor: index.user.name,
      data: {
        index: index.full,
        project: 'demo',
        version: '1.0',
        filename: 'demo-1.0-py3-none-any.whl',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        replaced: false,
      },
    });
    const { deliveries, ...shown } = await read(index, added);
    expect(shown).not.toHaveProperty('secret');
    expect(deliveries).toEqual([
      expect.objectContaining({
        state: 'delivered',
        status: 204,
        attempts: 1,
        id: request?.headers['webhook-id'],
      }),
    ]);
    expect(app.logged).not.toContain(added.secret.slice(6));
  });

  test('get a failed delivery again with growing pauses, under the same id, and others in between', async () => {
    await using receiver = await WebhookReceiver.start();
    const index = await app.index();
    const added = await add(index, receiver.url, ['packages.file-uploaded']);
    const answer = receiver.answer;
    receiver.answer = (response) => void response.writeHead(503).end('trouble');
    await app.fill(index, wheelUpload());

    await work();
    await work();
    expect(receiver.received).toHaveLength(1);
    expect((await read(index, added)).deliveries).toEqual([
      expect.objectContaining({ state: 'waiting', status: 503, attempts: 1, error: 'it answered 503' }),
    ]);
    expect(await read(index, added)).toMatchObject({ health: 'failing' });
    clock.advance(5 * SECOND_MS);
    await work();
    expect(receiver.received).toHaveLength(2);
    clock.advance(10 * SECOND_MS);
    receiver.answer = answer;
    // Not behind the one that failed twice, and not before the pause has ended.
    await app.fill(index, wheelUpload({ version: '2.0' }));
    await work();
    expect(receiver.received.map(({ body }) => JSON.parse(String(body)).data.version)).toEqual([
      '1.0',
      '1.0',
      '2.0',
    ]);
    clock.advance(60 * SECOND_MS);
    await work();

    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[3]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(2);
    expect(receiver.received.every((each) => isSigned(each, added.secret))).toBe(true);
    expect(await read(index, added)).toMatchObject({ health: 'working' });
    expect((await read(index, added)).deliveries.map(({ state }: { state: string }) => state)).toEqual([
      'delivered',
      'delivered',
    ]);
  });

  test('that take nothing for days, or are gone, are disabled; a test that succeeds enables them', async () => {
    await using receiver = await WebhookReceiver.start();
    const index = await app.index();
    const added = await add(index, receiver.url, ['packages.file-uploaded']);
    const { answer } = receiver;
    receiver.answer = (response) => void response.writeHead(500).end();
    await app.fill(index, wheelUpload());
    await work();
    clock.advance(3 * DAY_MS);
    await app.fill(index, wheelUpload({ version: '2.0' }));
    await app.events();
    await work();

    expect(await app.events()).toEqual(['packages.webhook-changed']);
    const disabled = await read(index, added);
    expect(disabled).toMatchObject({ health: 'disabled', disabled: 'nothing was taken for 3 days' });
    expect(disabled.deliveries.map(({ state }: { state: string }) => state)).toEqual(['failed', 'failed']);
    const told = receiver.received.length;
    await app.fill(index, wheelUpload({ version: '3.0' }));
    expect(await work()).toBe(0);
    expect(receiver.received).toHaveLength(told);

    receiver.answer = answer;
    const tested = await app.request('POST', `${index.path}/+webhooks/${added.id}/+test`, {
      auth: index.user.auth,
    });
    expect(tested.json().result).toMatchObject({ state: 'delivered', status: 204 });
    expect(await read(index, added)).toMatchObject({ health: 'working' });
    expect(await app.events()).toEqual(['packages.webhook-changed']);
    receiver.answer = (response) => void response.writeHead(410).end();
    await app.fill(index, wheelUpload({ version: '4.0' }));
    await work();
    expect(await read(index, added)).toMatchObject({
      health: 'disabled',
      disabled: 'the receiver answered 410: it is gone',
    });
  });

  test('are not led elsewhere, and a dead one keeps nobody waiting', async () => {
    await using receiver = await WebhookReceiver.start();
    await using target = await WebhookReceiver.start();
    await using silent = await WebhookReceiver.start();
    receiver.answer = (response) => void response.writeHead(302, { location: target.url }).end();
    silent.answer = () => undefined;
    const index = await app.index();
    const led = await add(index, receiver.url, ['packages.file-uploaded']);
    const good = await add(index, target.url, ['packages.file-uploaded']);
    await add(index, silent.url, ['packages.file-uploaded']);

    const startedAt = performance.now();
    await app.fill(index, wheelUpload());
    expect(performance.now() - startedAt).toBeLessThan(5000);
    const working = work();
    await expect.poll(() => target.received.length, { timeout: 5000 }).toBe(1);
    await expect
      .poll(async () => (await read(index, led)).deliveries[0].error, { timeout: 5000 })
      .toBe('it leads elsewhere (302), which is not followed');
    await expect.poll(async () => (await read(index, good)).deliveries[0].state).toBe('delivered');
    expect(silent.received).toHaveLength(1);
    await working;
    expect(target.received).toHaveLength(1);
  }, 30_000);

  test('are remembered with the newest deliveries, for a month', async () => {
    await using receiver = await WebhookReceiver.start();
    const index = await app.index();
    const added = await add(index, receiver.url, ['packages.file-uploaded']);
    for (const version of ['1.0', '2.0', '3.0']) {
      await app.fill(index, wheelUpload({ version }));
      clock.advance(SECOND_MS);
    }
    await work();
    const forget = forgetDeliveries(app.context as PackagesContext);
    const count = async () => (await read(index, added)).deliveries.length;

    await forget.run(null, undefined as never);
    expect(await count()).toBe(3);
    await trimDeliveries(app.context.db, added.id, 2);
    expect(await count()).toBe(2);
    clock.advance(31 * DAY_MS);
    await forget.run(null, undefined as never);
    expect(await count()).toBe(0);
  });

  test('of the server are root’s, and are told of everything', async () => {
    await using receiver = await WebhookReceiver.start();
    const stranger = await app.user();
    const body = { url: receiver.url, events: ['packages.file-uploaded', 'accounts.*'] };
    const add = (auth: Auth) => app.request('POST', '/+webhooks', { json: body, auth });
    expect((await add(stranger.auth)).status).toBe(403);
    const made = await add(ROOT);
    expect(made.status, made.text).toBe(201);
    const { id } = made.json().result as Added;
    const index = await app.index({ acl_read: [] });
    await app.fill(index, wheelUpload());
    await work();

    const types = receiver.received.map(({ body: sent }) => JSON.parse(String(sent)).type);
    expect(types).toEqual(['accounts.user-created', 'packages.file-uploaded']);
    // Webhooks of tests before this one have been failing for a month by now.
    await app.events();
    const removed = await app.request('DELETE', `/+webhooks/${id}`, { auth: ROOT });
    expect([removed.status, (await app.request('GET', `/+webhooks/${id}`, { auth: ROOT })).status]).toEqual([
      200, 404,
    ]);
    expect(await app.events()).toEqual(['packages.server-webhook-changed']);
    await app.fill(index, wheelUpload({ version: '2.0' }));
    expect(await work()).toBe(0);
  });

  test('belong to their index alone, and go with it', async () => {
    await using receiver = await WebhookReceiver.start();
    const [index, other] = [await app.index(), await app.index()];
    const added = await add(index, receiver.url);
    const path = `${other.path}/+webhooks/${added.id}`;
    for (const [method, rest] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/+test'],
    ] as const) {
      const { status } = await app.request(method, `${path}${rest}`, { auth: other.user.auth });
      expect(status).toBe(404);
    }
    expect((await app.request('DELETE', index.path, { auth: index.user.auth })).status).toBe(201);
    await app.events();
    await work();
    expect(receiver.received).toEqual([]);
  });

  test.each([
    [{ url: 'ftp://example.org/' }, "'url' must be an http or https URL"],
    [{ url: 'https://example.org/', events: ['packages.nothing'] }, "'events' names 'packages.nothing'"],
    [
      { url: 'https://example.org/', events: ['accounts.user-created'] },
      "'events' names 'accounts.user-created'",
    ],
    [{ url: 'https://example.org/', secret: 'mine' }, 'secret'],
    [{}, 'url'],
  ])('are refused as %j', async (json, detail) => {
    const index = await app.index();
    const before = await app.contents();
    const response = await app.request('POST', `${index.path}/+webhooks`, { json, auth: index.user.auth });

    expect([response.status, response.text]).toEqual([400, expect.stringContaining(detail)]);
    expect(await app.contents()).toEqual(before);
  });

  test('show no password of their address', async () => {
    const index = await app.index();
    const added = await add(index, 'https://ci:geheim@example.org/hook');

    expect(added).toMatchObject({ url: 'https://example.org/hook' });
    expect(JSON.stringify(await read(index, added))).not.toContain('geheim');
  });
});

describe.each(databases)('webhooks at private addresses on %s', (database) => {
  test('are root’s alone, whatever their name says', async () => {
    await using receiver = await WebhookReceiver.start();
    const app = await testApp({ database });
    try {
      const index = await app.index();
      const send = (url: string, auth: Auth) =>
        app.request('POST', `${index.path}/+webhooks`, { json: { url }, auth });
      const refused = await send(receiver.url, index.user.auth);
      expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('private address')]);
      expect((await send('http://localhost/', index.user.auth)).status).toBe(400);

      const hidden = await send('http://there-is-no-such-host.invalid/', index.user.auth);
      const own = await send(receiver.url, ROOT);
      const testOf = async ({ id }: Added) =>
        (await app.request('POST', `${index.path}/+webhooks/${id}/+test`, { auth: index.user.auth })).json()
          .result;
      expect(await testOf(hidden.json().result)).toMatchObject({
        state: 'failed',
        error: 'there-is-no-such-host.invalid is at a private address, or there is no such host',
      });
      expect(await testOf(own.json().result)).toMatchObject({ state: 'delivered' });
      expect(receiver.received).toHaveLength(1);
    } finally {
      await app.close();
    }
  });
});
