import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { createIndex, uploadAll, wheelUpload } from '#test/index-api.ts';
import { launcher, serverEnvironment, startServer, type ServerProcess } from '#test/server.ts';
import { isSigned, WebhookReceiver } from '#test/webhook-receiver.ts';

let server: ServerProcess;
let session: ClientSession;
let index: Awaited<ReturnType<typeof createIndex>>;
let receiver: WebhookReceiver;
beforeAll(async () => {
  server = await startServer({
    env: { WHEELHOUSE_PACKAGES_WEBHOOK_PRIVATE_ADDRESSES: 'anyone', NO_PROXY: '127.0.0.1' },
  });
  session = await openClientSession();
  receiver = await WebhookReceiver.start();
  index = await createIndex(server, 'ada/dev');
  await wheelhouse('use', `${server.url}/ada/dev`);
  await wheelhouse('login', 'ada', '--password', '-');
});
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  await session[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function wheelhouse(...args: string[]) {
  return await session.runProgram([launcher, ...args], {
    env: serverEnvironment['PATH'] === undefined ? {} : { PATH: serverEnvironment['PATH'] },
    ...(args[0] === 'login' && { input: `${index.password}\n` }),
  });
}

it('webhook add, list, test, show and remove go through the life of one', async () => {
  const added = await wheelhouse('webhook', 'add', receiver.url, '--event', 'packages.file-uploaded');
  expect([added.exitCode, added.stderr]).toEqual([0, expect.stringMatching(/^added webhook [0-9a-f]{16}; /)]);
  expect(added.stdout).toMatch(/^whsec_[\w+/]+=*\n?$/);
  const secret = added.stdout.trim();
  const id = /[0-9a-f]{16}/.exec(added.stderr)?.[0] ?? '';

  const listed = await wheelhouse('webhook', 'list');
  expect(listed.stdout).toMatch(new RegExp(`^${id} +working +packages\\.file-uploaded +http://127`, 'm'));
  expect(listed.stdout).not.toContain('whsec_');
  const tested = await wheelhouse('webhook', 'test', id);
  expect([tested.exitCode, tested.stderr]).toEqual([0, expect.stringMatching(/^taken: 204 after \d+ ms/)]);

  await uploadAll(index, [wheelUpload()]);
  await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBe(2);
  expect(receiver.received.map(({ body }) => JSON.parse(String(body)).type)).toEqual([
    'packages.webhook-tested',
    'packages.file-uploaded',
  ]);
  expect(receiver.received.every((each) => isSigned(each, secret))).toBe(true);
  await expect
    .poll(async () => (await wheelhouse('webhook', 'show', id)).stdout, { timeout: 20_000 })
    .toMatch(/packages\.file-uploaded +delivered +1 +204$/m);

  receiver.answer = (response) => void response.writeHead(500).end();
  const failed = await wheelhouse('webhook', 'test', id);
  expect([failed.exitCode, failed.stderr]).toEqual([
    1,
    expect.stringContaining('not taken: it answered 500'),
  ]);
  expect((await wheelhouse('webhook', 'remove', id, '--dry-run')).exitCode).toBe(0);
  const removed = await wheelhouse('webhook', 'remove', '-y', id);
  expect([removed.exitCode, removed.stderr]).toEqual([0, expect.stringContaining(`removed ${id}`)]);
  const gone = await wheelhouse('webhook', 'show', id);
  expect([gone.exitCode, gone.stderr]).toEqual([1, expect.stringContaining('no webhook')]);
});

it('those of the server are for root', async () => {
  const refused = await wheelhouse('webhook', 'list', '--server-wide');
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('only root manages')]);
  const both = await wheelhouse('webhook', 'list', '--server-wide', '--index', 'ada/dev');
  expect([both.exitCode, both.stderr]).toEqual([1, expect.stringContaining('exclude each other')]);
});
