import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT, testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { startTestSession } from '#test/session.ts';
import { WebhookReceiver } from '#test/webhook-receiver.ts';
import type { PackagesContext } from '../context.ts';
import { changeHealth } from './change-health.ts';
import { findWebhook } from './store.ts';
import type { Webhook } from './webhook.ts';

let app: TestApp;
let index: TestIndex;
let cookie: string;
beforeAll(async () => {
  app = await testApp({ database: 'sqlite', settings: { 'packages.webhook-private-addresses': 'anyone' } });
  index = await app.index();
  ({ cookie } = await startTestSession(app, index.user));
});
afterAll(() => app.close());

async function send(method: 'GET' | 'POST', path: string, fields?: Readonly<Record<string, string>>) {
  return await app.request(method, path, {
    ...(fields !== undefined && { body: new URLSearchParams(fields).toString() }),
    headers: {
      accept: 'text/html',
      cookie,
      'sec-fetch-site': 'same-origin',
      ...(fields !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
  });
}

test('a webhook is added, tested and removed in a browser, and its secret is shown once', async () => {
  await using receiver = await WebhookReceiver.start();
  const path = `${index.path}/+webhooks`;
  expect((await send('GET', `${index.path}/+settings`)).text).toContain(`href="${path}"`);
  expect((await send('GET', path)).text).toContain('No webhooks yet');

  const added = await send('POST', path, {
    url: receiver.url,
    events: 'packages.file-uploaded\npackages.release-yanked',
  });
  expect([added.status, added.headers['cache-control']]).toEqual([200, 'no-store']);
  expect(added.text).toMatch(/whsec_[\w+/]{43}=/);
  const id = /\+webhooks\/([0-9a-f]{16})/.exec(added.text)?.[1] ?? '';
  expect((await send('GET', path)).text).toContain(`href="${path}/${id}"`);

  const tested = await send('POST', `${path}/${id}/+test`, {});
  expect([tested.status, tested.headers['location']]).toEqual([
    303,
    expect.stringContaining(`${path}/${id}`),
  ]);
  expect(receiver.received).toHaveLength(1);
  const shown = await send('GET', `${path}/${id}`);
  expect(shown.text).toContain('delivered');
  expect(shown.text).toContain('packages.release-yanked');
  expect(shown.text).not.toContain('whsec_');

  expect((await send('GET', `${path}/${id}/+remove`)).text).toContain(`Remove the webhook ${id}?`);
  expect((await send('POST', `${path}/${id}/+remove`, {})).status).toBe(303);
  expect((await send('GET', `${path}/${id}`)).status).toBe(404);
});

test('what cannot be added is said at its field, and hostile text is text', async () => {
  const path = `${index.path}/+webhooks`;
  const wrong = await send('POST', path, { url: 'javascript:alert(1)', events: '' });
  expect([wrong.status, wrong.text]).toEqual([422, expect.stringContaining('must be an http or https URL')]);
  const unknown = await send('POST', path, { url: 'https://example.org/', events: '<b>x</b>' });
  expect([unknown.status, unknown.text.includes('<b>x</b>')]).toEqual([422, false]);

  const hostile = 'https://ci:geheim@example.org/"><script>alert(1)</script>';
  const made = await app.request('POST', path, { json: { url: hostile }, auth: ROOT });
  expect(made.status, made.text).toBe(201);
  const { text } = await send('GET', path);
  expect(text).toContain('example.org');
  expect(text).not.toMatch(/geheim|<script>alert/);
});

test('the home page tells the owner of a webhook that was disabled, and nobody else', async () => {
  const other = await app.index();
  const { cookie: ofOther } = await startTestSession(app, other.user);
  const path = `${other.path}/+webhooks`;
  const json = { url: 'https://example.org/' };
  const { result } = (await app.request('POST', path, { json, auth: other.user.auth })).json();
  expect((await home(ofOther)).includes('webhook disabled')).toBe(false);
  const webhook = await findWebhook(app.context.db, result.id);

  await changeHealth(app.context as PackagesContext, webhook as Webhook, {
    failures: 1,
    failingSince: 1,
    pausedUntil: 0,
    reason: 'the receiver answered 410: <it> is gone',
  });

  const text = await home(ofOther);
  expect(text).toContain('webhook disabled');
  expect(text).toContain(`href="${path}/${result.id}"`);
  expect(text).toContain('&lt;it&gt; is gone');
  expect((await home(cookie)).includes('webhook disabled')).toBe(false);
});

async function home(of: string): Promise<string> {
  const headers = { accept: 'text/html', cookie: of, 'sec-fetch-site': 'same-origin' };
  return (await app.request('GET', '/', { headers })).text;
}
