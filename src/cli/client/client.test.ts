import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations as accounts } from '#accounts/contract';
import { Secret } from '#kernel/config/secret.ts';
import { operations as packages } from '#packages/contract';
import { testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { Client } from './client.ts';

async function serve(answer: RequestListener) {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('a client of a server', () => {
  let app: TestApp;
  let index: TestIndex;
  beforeAll(async () => {
    app = await testApp({ database: 'sqlite' });
    index = await app.index();
  });
  afterAll(async () => await app.close());

  const paramsOf = ({ user, name }: TestIndex) => ({ user: user.name, index: name });

  async function loggedIn(): Promise<Client> {
    const [user, password] = index.user.auth;
    const { result } = await new Client(app.url).call(accounts.login, { body: { user, password } });
    return new Client(app.url, {
      credentials: { kind: 'login', user, token: new Secret(result.password) },
    });
  }

  test('logs in, changes and reads, and gets what the contract says', async () => {
    const client = await loggedIn();

    await client.call(packages.modifyIndex, { params: paramsOf(index), body: ['title=mine'] });
    const { result } = await client.call(packages.readIndex, { params: paramsOf(index) });

    expect(result).toMatchObject({ type: 'stage', title: 'mine' });
  });

  test('shows an API token', async () => {
    const { result } = await (
      await loggedIn()
    ).call(accounts.createToken, {
      body: { name: 'laptop', scopes: ['packages.upload'] },
    });
    const client = new Client(app.url, {
      credentials: { kind: 'token', token: new Secret(result.token) },
    });

    const { result: api } = await client.call(packages.readApi, {});

    expect(api['authstatus']).toEqual(['ok', index.user.name, []]);
  });

  test('sends PUSH', async () => {
    const pushing = (await loggedIn()).call(packages.push, { params: paramsOf(index), body: {} });

    await expect(pushing).rejects.not.toThrow(/not allowed|No such address/);
  });

  test('throws what the server refuses, with its sentence and hint', async () => {
    const client = await loggedIn();

    await expect(
      client.call(packages.createIndex, { params: paramsOf(index), body: {} }),
    ).rejects.toMatchObject({
      kind: { code: 'cli.server-refused' },
      message: `index '${index.full}' exists`,
    });
  });

  test('sends nothing that the contract refuses', async () => {
    const before = app.context.events.serial;

    await expect(
      (await loggedIn()).call(packages.modifyIndex, { params: paramsOf(index), body: 5 as never }),
    ).rejects.toMatchObject({ kind: { code: 'cli.bad-argument' } });
    expect(app.context.events.serial).toBe(before);
  });
});

test('what answers otherwise is no Wheelhouse', async () => {
  await using ok = await serve((_request, response) => response.end('<html>'));
  await using broken = await serve((_request, response) => response.writeHead(500).end('<html>'));

  for (const { url } of [ok, broken]) {
    await expect(new Client(url).call(packages.readStatus, {})).rejects.toMatchObject({
      kind: { code: 'cli.server-unreachable' },
      message: expect.stringContaining(`${url} does not answer as Wheelhouse does`),
    });
  }
});

test('credentials do not follow to another address', async () => {
  const seen: (string | undefined)[] = [];
  await using other = await serve((request, response) => {
    seen.push(request.url);
    response.end('{}');
  });
  await using server = await serve((_request, response) => {
    response.writeHead(302, { location: `${other.url}/+status` }).end();
  });
  const credentials = { kind: 'login', user: 'alice', token: new Secret('hunter2') } as const;

  const asking = new Client(server.url, { credentials }).call(packages.readStatus, {});

  await expect(asking).rejects.toMatchObject({ message: `${server.url} sends to ${other.url}` });
  expect(seen).toEqual([]);
});

test('a server that does not answer in time is unreachable', async () => {
  await using silent = await serve(() => undefined);

  await expect(new Client(silent.url, { timeoutMs: 50 }).call(packages.readStatus, {})).rejects.toMatchObject(
    {
      kind: { code: 'cli.server-unreachable' },
    },
  );
});
