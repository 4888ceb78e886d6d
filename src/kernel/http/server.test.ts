import { connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kernelSettings } from '../config/kernel-settings.ts';
import { readConfig } from '../config/read-config.ts';
import { anonymous } from '../identity.ts';
import { createHttpServer, type HttpServer } from './server.ts';

let server: HttpServer;
let port: number;
let logged: string;
let failure: Error;

beforeEach(async () => {
  logged = '';
  server = createHttpServer({
    config: readConfig(kernelSettings, { flags: { port: 0, host: '127.0.0.1' }, environment: {} }),
    log: pino({ level: 'debug' }, { write: (line: string) => void (logged += line) }),
    identify: async () => anonymous,
    standardHeaders: () => [],
    hotPath: () => false,
    patience: { headersMs: 200, stalledMs: 400 },
  });
  server.app.post('/', { config: { allow: 'everyone' } }, async () => 'done');
  server.app.get('/broken', { config: { allow: 'everyone' } }, async () => {
    throw failure;
  });
  port = Number(new URL(await server.listen()).port);
});
afterEach(async () => await server.close());

/** What the server sends until it ends the connection, to a client that says this and then nothing. */
async function answerTo(text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let received = '';
  const socket = connect(port, '127.0.0.1', () => socket.write(text));
  socket.on('data', (chunk) => (received += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => resolve(received));
  return await promise;
}

test('a client that does not finish its headers is told so and cut off', async () => {
  expect(await answerTo('POST / HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
});

test('a client that stops in the middle of a body is cut off', async () => {
  expect(await answerTo('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf')).toBe('');
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

test.each([
  ['a refused connection', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
  ['a reset connection', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
  ['a shutdown', Object.assign(new Error('terminating connection'), { code: '57P01' })],
  ['a pool without a free connection', new Error('timeout exceeded when trying to connect')],
  ['a connection that broke off', new Error('Connection terminated unexpectedly')],
])('%s of the database answers 503', async (_what, error) => {
  failure = error;

  const response = await fetch(`http://127.0.0.1:${port}/broken`);

  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: 'kernel.database-unavailable' });
});
