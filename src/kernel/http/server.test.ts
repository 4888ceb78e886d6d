import { connect, type Socket } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kernelSettings } from '../config/kernel-settings.ts';
import { readConfig } from '../config/read-config.ts';
import { anonymous } from '../identity.ts';
import type { Operation } from './operation.ts';
import { createHttpServer, type HttpServer } from './server.ts';

const MAX_BODY = 100_000;
const operation: Operation = {
  method: 'GET',
  path: '/',
  permission: 'test.read',
  subject: 'server',
  summary: '',
};

let server: HttpServer;
let port: number;
const clients: Socket[] = [];
let logged: string;

beforeEach(async () => {
  logged = '';
  server = createHttpServer({
    config: readConfig(kernelSettings, {
      flags: {
        port: 0,
        host: '127.0.0.1',
        'http.max-json-bytes': MAX_BODY,
        'http.max-buffered-bytes': MAX_BODY + 1000,
      },
      environment: {},
    }),
    log: pino({ level: 'debug' }, { write: (line: string) => void (logged += line) }),
    identify: async () => anonymous,
    authorize: async () => undefined,
    standardHeaders: () => [],
    hotPath: () => false,
    patience: { headersMs: 200, stalledMs: 4000, watchMs: 200 },
  });
  server.app.post('/', { config: { operation } }, async () => 'done');
  server.app.post('/length', { config: { operation } }, async ({ body }) => String((body as Buffer).length));
  server.app.delete(
    '/',
    { config: { operation: { ...operation, method: 'DELETE' } } },
    async ({ body }) => typeof body,
  );
  server.app.get('/broken', { config: { operation } }, async () => {
    throw new Error('a failure that nobody foresaw');
  });
  port = Number(new URL(await server.listen()).port);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await server.close();
});

class Client {
  readonly #socket = connect(port, '127.0.0.1');
  received = '';
  /** All that came until the server ended the connection. */
  readonly ended: Promise<string>;

  constructor() {
    clients.push(this.#socket);
    this.#socket.on('data', (chunk) => (this.received += chunk.toString('latin1')));
    this.#socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => void this.#socket.on('close', () => resolve(this.received)));
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** Resolves when the system has taken the text. */
  async written(text: string): Promise<void> {
    await new Promise((resolve) => void this.#socket.write(text, resolve));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}

/** What the server sends until it ends the connection, to a client that says this and then nothing. */
async function answerTo(text: string): Promise<string> {
  const client = new Client();
  client.write(text);
  return await client.ended;
}

const post = (path: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;

async function metric(name: string): Promise<number> {
  const text = await server.metrics.registry.getSingleMetricAsString(name);
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]);
}

test('a client that does not finish its headers is told so and cut off', async () => {
  expect(await answerTo('POST / HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
});

test('a client that stops in the middle of a body is told so and cut off', async () => {
  const answer = await answerTo(`${post('/', 100)}half`);

  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(answer).toContain('http.min-body-speed');
});

test('a body that drips is refused although it never stops', async () => {
  const client = new Client();
  client.write(post('/', MAX_BODY));
  const drip = setInterval(() => client.write('x'), 20);
  try {
    expect(await client.ended).toMatch(/^HTTP\/1.1 408 /);
  } finally {
    clearInterval(drip);
  }
});

test('a body over the limit is refused before it comes, and the limit is named', async () => {
  const client = new Client();
  client.write(post('/', MAX_BODY + 1));

  await expect.poll(() => client.received).toMatch(/^HTTP\/1.1 413 [^]*http.max-json-bytes/);
});

test('a body over the limit that does not say its length is refused', async () => {
  const client = new Client();
  client.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  client.write(`${(MAX_BODY + 1).toString(16)}\r\n${'x'.repeat(MAX_BODY + 1)}`);

  await expect.poll(() => client.received).toMatch(/^HTTP\/1.1 413 /);
});

test('an unknown path answers before the body, of which nothing is kept', async () => {
  const client = new Client();
  client.write(`${post('/nowhere', 15 * 1024 ** 2)}${'x'.repeat(70_000)}`);

  await expect.poll(() => client.received).toMatch(/^HTTP\/1.1 404 /);
  expect(await metric('wheelhouse_http_buffered_bytes')).toBe(0);
});

test('a route that takes no body does not read one', async () => {
  const answer = await answerTo(
    `DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
  );

  expect(answer).toMatch(/^HTTP\/1.1 200 [^]*\r\nundefined$/);
});

test('a client that sends first and reads later sees why its body was refused', async () => {
  const client = new Client();
  client.pause();
  client.write(post('/nowhere', 5_000_000));
  for (let sent = 0; sent < 5_000_000; sent += 100_000) await client.written('x'.repeat(100_000));
  client.resume();

  expect(await client.ended).toMatch(/^HTTP\/1.1 404 [^]*Connection: close/i);
});

test('what follows a body that was not read is not run', async () => {
  const client = new Client();
  client.write(post('/nowhere', 200_000));
  await expect.poll(() => client.received).toMatch(/^HTTP\/1.1 404 /);
  client.write(`${'x'.repeat(200_000)}${post('/', 0)}`);

  expect((await client.ended).split('HTTP/1.1 ')).toHaveLength(2);
});

test('all bodies together have a limit, which passes with those who hold it', async () => {
  const holder = new Client();
  holder.write(`${post('/length', MAX_BODY)}${'x'.repeat(MAX_BODY - 1)}`);
  await expect.poll(() => metric('wheelhouse_http_buffered_bytes')).toBe(MAX_BODY - 1);

  const refused = await answerTo(`${post('/length', 2000)}${'x'.repeat(2000)}`);
  expect(refused).toMatch(/^HTTP\/1.1 503 /);
  expect(refused).toMatch(/^retry-after: \d+\r$/im);
  expect(refused).toContain('http.max-buffered-bytes');

  holder.write('x');
  await expect.poll(() => holder.received).toMatch(new RegExp(`\r\n${MAX_BODY}$`));
  await expect.poll(() => metric('wheelhouse_http_buffered_bytes')).toBe(0);
  expect(await metric('wheelhouse_http_bodies_refused_total')).toBe(1);
  const next = new Client();
  next.write(`${post('/length', 2000)}${'x'.repeat(2000)}`);
  await expect.poll(() => next.received).toMatch(/^HTTP\/1.1 200 /);
});

test('a client that vanishes in the middle of a body is not taken for a lost database', async () => {
  const socket = connect(port, '127.0.0.1', () => {
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf');
    setTimeout(() => socket.destroy(), 50);
  });

  await expect.poll(() => logged).toContain('"code":"kernel.bad-request"');
  expect(logged).not.toContain('database');
});

test.each([
  ['two Hosts', 'GET /broken HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['two equal Hosts', 'GET /broken HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n', 400],
  ['a Host with a path', 'GET /broken HTTP/1.1\r\nHost: a/b\r\n\r\n', 400],
  ['a Host with a user', 'GET /broken HTTP/1.1\r\nHost: a@b\r\n\r\n', 400],
  ['a Host with a quote', 'GET /broken HTTP/1.1\r\nHost: a"b\r\n\r\n', 400],
  ['HTTP/2.0', 'GET /broken HTTP/2.0\r\nHost: a\r\n\r\n', 505],
  ['HTTP/0.9', 'GET /broken HTTP/0.9\r\nHost: a\r\n\r\n', 505],
])('%s is refused', async (_what, request, status) => {
  expect(await answerTo(request)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

test.each(['localhost:3141', '127.0.0.1', '[::1]:3141', 'docker_name', ''])(
  'Host "%s" is taken',
  async (host) => {
    expect(await answerTo(`POST / HTTP/1.1\r\nHost:${host}\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 200 /,
    );
  },
);
