import { connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Authenticator } from '../auth/authenticate.ts';
import { systemClock } from '../clock.ts';
import { readConfig } from '../config/read-config.ts';
import { createHttpServer, type HttpServer } from './server.ts';

let server: HttpServer;
let port: number;

beforeEach(async () => {
  server = createHttpServer({
    config: readConfig({ flags: { port: 0, host: '127.0.0.1' }, environment: {} }),
    log: pino({ level: 'silent' }),
    authenticator: new Authenticator(Buffer.alloc(32), systemClock, async () => undefined),
    standardHeaders: () => [],
    hotPath: () => false,
    patience: { headersMs: 200, stalledMs: 400 },
  });
  server.app.post('/', { config: { allow: 'everyone' } }, async () => 'done');
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
