import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptPushMethod, PUSH_ARRIVES_AS } from './push-method.ts';

let server: Server;
let answered: string[];
beforeEach(async () => {
  answered = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      // Slow enough for a client to send more meanwhile.
      await sleep(30);
      answered.push(`${request.method} ${Buffer.concat(chunks).length}`);
      response.end('ok');
    });
  });
  acceptPushMethod(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const push = (body: string) => `PUSH / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** Sends the packets some milliseconds apart and resolves to the status codes that came back. */
async function send(packets: readonly string[], pauseMs: number): Promise<string[]> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.setNoDelay(true);
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString()));
  socket.on('error', () => undefined);
  for (const packet of packets) {
    socket.write(packet);
    await sleep(pauseMs);
  }
  await sleep(150);
  socket.destroy();
  return [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status = '']) => status);
}

test('a PUSH arrives under its other name, with its body', async () => {
  expect(await send([push('x'.repeat(1000))], 0)).toEqual(['200']);

  expect(answered).toEqual([`${PUSH_ARRIVES_AS} 1000`]);
});

test('requests that wait for each answer share one connection', async () => {
  expect(await send([GET, push('a'), push('bc'), GET, push('d')], 80)).toEqual(
    Array.from({ length: 5 }, () => '200'),
  );

  expect(answered).toEqual([
    'GET 0',
    `${PUSH_ARRIVES_AS} 1`,
    `${PUSH_ARRIVES_AS} 2`,
    'GET 0',
    `${PUSH_ARRIVES_AS} 1`,
  ]);
});

test.each([
  ['one packet', [[GET, push('a'), GET, push('b'), GET].join('')]],
  ['many packets', [GET, push('a'), GET, push('b'), GET]],
  ['packets that begin with PUSH', [push('a'), push('b'), GET, push('c'), GET]],
  ['a method in two packets', [GET, 'PU', push('a').slice(2), GET]],
])('a client that does not wait for answers, sending %s, harms nobody', async (_what, packets) => {
  for (const pauseMs of [0, 5]) await send(packets, pauseMs);

  expect(await send([push('still alive')], 0)).toEqual(['200']);
});

test('a client that sends PUSH before an answer and another request after it harms nobody', async () => {
  const untilAnswered = Array.from({ length: 20 }, () => '');
  await send([GET, push('a'), ...untilAnswered, GET, ...untilAnswered, GET], 5);

  expect(await send([push('still alive')], 0)).toEqual(['200']);
});

test('a client that goes away within the method is forgotten', async () => {
  await send(['PUS'], 0);

  expect(await send([push('a')], 0)).toEqual(['200']);
});
