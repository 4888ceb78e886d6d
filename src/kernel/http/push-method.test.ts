import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptPushMethod, PUSH_ARRIVES_AS } from './push-method.ts';

let server: Server;
let clients: Set<Socket>;
/** The server's ends of the connections. */
let connections: Set<Socket>;
let answered: string[];
/** Answers wait for it. */
let gate: Promise<void>;
beforeEach(async () => {
  answered = [];
  clients = new Set();
  connections = new Set();
  gate = Promise.resolve();
  server = createServer(async (request, response) => {
    if (request.url === '/refused') {
      answered.push('refused before its body');
      response.writeHead(403).end();
      return;
    }
    let length = 0;
    for await (const chunk of request) length += (chunk as Buffer).length;
    await gate;
    answered.push(`${request.method} ${length}`);
    response.end('ok');
  });
  server.on('connection', (socket: Socket) => connections.add(socket));
  acceptPushMethod(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => {
  for (const client of clients) client.destroy();
  server.closeAllConnections();
  server.close();
});

const push = (body: string) => `PUSH / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** A connection of its own, which writes packet by packet: the next when the server has read the one before. */
class Client {
  readonly #socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  #received = '';
  #sent = 0;
  isClosed = false;

  constructor() {
    clients.add(this.#socket);
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk) => (this.#received += chunk.toString('latin1')));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => (this.isClosed = true));
  }

  get statuses(): string[] {
    return [...this.#received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status = '']) => status);
  }

  async send(packet: string): Promise<void> {
    if (this.#socket.connecting) await once(this.#socket, 'connect');
    this.#socket.write(packet);
    this.#sent += packet.length;
    const { localPort } = this.#socket;
    await expect
      .poll(() => {
        const peer = [...connections].find(({ remotePort }) => remotePort === localPort);
        return this.isClosed || (peer?.bytesRead ?? 0) >= this.#sent || peer?.destroyed;
      })
      .toBe(true);
  }

  async answers(count: number): Promise<string[]> {
    await expect.poll(() => this.statuses.length).toBe(count);
    return this.statuses;
  }

  async closed(): Promise<string[]> {
    await expect.poll(() => this.isClosed).toBe(true);
    return this.statuses;
  }

  leave(): void {
    this.#socket.destroy();
  }
}

async function expectAlive(): Promise<void> {
  const client = new Client();
  await client.send(push('still alive'));
  expect(await client.answers(1)).toEqual(['200']);
}

test('a PUSH arrives under its other name, with its body', async () => {
  const client = new Client();
  await client.send(push('x'.repeat(1000)));

  expect(await client.answers(1)).toEqual(['200']);
  expect(answered).toEqual([`${PUSH_ARRIVES_AS} 1000`]);
});

test('requests that wait for each answer share one connection', async () => {
  const client = new Client();
  for (const [position, request] of [GET, push('a'), push('bc'), GET, push('d')].entries()) {
    await client.send(request);
    expect(await client.answers(position + 1)).toHaveLength(position + 1);
  }

  expect(client.statuses).toEqual(Array.from({ length: 5 }, () => '200'));
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
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  const client = new Client();
  for (const packet of packets) await client.send(packet);
  resolve();

  await client.closed();
  await expectAlive();
});

test('a client that sends PUSH before an answer and another request after it harms nobody', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  const client = new Client();
  await client.send(GET);
  await client.send(push('a'));
  resolve();
  await client.send(GET);

  await client.closed();
  await expectAlive();
});

test('bytes of a body that look like a PUSH are not run as a request', async () => {
  const body = push('{"name": "evil"}');
  const client = new Client();
  await client.send(`POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`);
  expect(await client.answers(1)).toEqual(['403']);
  // The packet holds a bad request behind the body, at which the parser gives up.
  await client.send(`${body}BOGUS / HTTP/1.1\r\n\r\n`);

  expect(await client.closed()).toEqual(['403', '400']);
  expect(answered).toEqual(['refused before its body']);
});

test.each(['H', 'SH', 'USH', 'PUSHY'])('%s is no method', async (method) => {
  const client = new Client();
  await client.send(`${method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);

  expect(await client.closed()).toEqual(['400']);
  expect(answered).toEqual([]);
});

test('a client that goes away within the method is forgotten', async () => {
  const client = new Client();
  await client.send('PUS');
  client.leave();

  await expectAlive();
});
