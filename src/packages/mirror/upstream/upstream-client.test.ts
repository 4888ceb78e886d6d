import { createServer, request as httpRequest, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FixtureIndex, wheelFile } from '#test/fixture-index.ts';
import type { Proxies } from '#kernel/http/proxies.ts';
import { isUnreachable, UpstreamClient } from './upstream-client.ts';

const LIMITS = { headTimeoutMs: 1000, bodyTimeoutMs: 1000 };

describe('the client of an upstream', () => {
  let upstream: FixtureIndex;
  const clients: UpstreamClient[] = [];

  beforeEach(async () => {
    upstream = await FixtureIndex.start();
    upstream.set('demo', [wheelFile()]);
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await upstream.close();
  });

  function clientOf(url: string, proxies: Proxies = {}): UpstreamClient {
    const client = new UpstreamClient(url, { proxies, isTrusted: true });
    clients.push(client);
    return client;
  }

  test.each(['/simple', '/simple/', '/simple//'])('asks below %s', async (path) => {
    const client = clientOf(upstream.origin + path);

    expect(client.baseUrl).toBe(upstream.url);
    const { status, body, url } = await client.request({ url: `${client.baseUrl}demo/`, ...LIMITS });
    expect([status, url]).toEqual([200, `${upstream.url}demo/`]);
    await body.dump();
  });

  test('tells nobody its credentials, not even in its own URL', async () => {
    const client = clientOf(upstream.url.replace('//', '//me:p%C3%A4ss%zz@'));

    expect(client.baseUrl).toBe(upstream.url);
    await (await client.request({ url: `${upstream.url}demo/`, ...LIMITS })).body.dump();
    const header = upstream.lastHeaders('/simple/demo/')?.authorization ?? '';
    expect(Buffer.from(header.slice(6), 'base64').toString()).toMatch(/^me:p/);
  });

  test('follows five redirects and no more', async () => {
    for (let hop = 0; hop < 7; hop += 1)
      upstream.misbehave(`/hop${hop}`, { status: 302, headers: { location: `/hop${hop + 1}` } });
    upstream.misbehave('/hop7', { status: 200, body: 'here' });
    const client = clientOf(upstream.url);

    const near = await client.request({ url: `${upstream.origin}/hop2`, ...LIMITS });
    expect(await near.body.text()).toBe('here');
    expect(near.url).toBe(`${upstream.origin}/hop7`);
    await expect(client.request({ url: `${upstream.origin}/hop1`, ...LIMITS })).rejects.toThrow('too often');
  });

  test('waits no longer for many slow redirects than for one slow answer', async () => {
    for (let hop = 0; hop < 5; hop += 1)
      upstream.misbehave(`/hop${hop}`, {
        status: 302,
        delayMs: 150,
        headers: { location: `/hop${hop + 1}` },
      });

    await expect(
      clientOf(upstream.url).request({ ...LIMITS, url: `${upstream.origin}/hop0`, headTimeoutMs: 250 }),
    ).rejects.toMatchObject({ kind: { code: 'packages.upstream-timeout' } });

    // Each alone is soon enough; together they are not, and the later ones are never asked.
    expect(upstream.requests('/hop3')).toBe(0);
  });

  test('knows an upstream that is gone from one that answers badly', async () => {
    const client = clientOf(upstream.url);
    await upstream.leave();

    const error = await client.request({ url: upstream.url, ...LIMITS }).catch((reason: unknown) => reason);

    expect(isUnreachable(error)).toBe(true);
    expect(String(error)).toContain('ECONNREFUSED');
    expect(isUnreachable(new Error('else'))).toBe(false);
  });

  test('lets no page wait behind files', async () => {
    const file = wheelFile();
    const rest = Promise.withResolvers<void>();
    const path = upstream.filePath('demo', file.filename);
    upstream.misbehave(path, { hold: { at: 1, until: rest.promise } });
    const client = clientOf(upstream.url);
    const files = await Promise.all(
      Array.from({ length: 32 }, () =>
        client.request({ ...LIMITS, url: upstream.origin + path, isFile: true }),
      ),
    );

    const page = await client.request({ ...LIMITS, url: `${upstream.url}demo/` });

    expect(page.status).toBe(200);
    rest.resolve();
    await Promise.all([page, ...files].map(({ body }) => body.dump()));
  });

  describe('behind a proxy', () => {
    let proxy: Server;
    let asked: string[];

    beforeEach(async () => {
      asked = [];
      proxy = createServer((request, response) => {
        asked.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
        const forwarded = httpRequest(request.url ?? '', { headers: request.headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        });
        forwarded.end();
      });
      proxy.on('connect', (request, socket) => {
        asked.push(`CONNECT ${request.url}`);
        const [host, port] = (request.url ?? '').split(':');
        const target = connect(Number(port), host, () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          target.pipe(socket).pipe(target);
        });
        target.on('error', () => socket.destroy());
        socket.on('error', () => target.destroy());
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
    });

    afterEach(() => {
      proxy.closeAllConnections();
      proxy.close();
    });

    const proxyUrl = () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

    test('goes through it', async () => {
      const client = clientOf(upstream.url, { http: proxyUrl() });

      const { status, body } = await client.request({ url: `${upstream.url}demo/`, ...LIMITS });
      await body.dump();

      expect(status).toBe(200);
      expect(asked).toHaveLength(1);
      expect(asked[0]).toContain(new URL(upstream.url).host);
    });

    test('goes past it for a host that is excepted', async () => {
      const client = clientOf(upstream.url, { http: proxyUrl(), except: '127.0.0.1' });

      await (await client.request({ url: `${upstream.url}demo/`, ...LIMITS })).body.dump();

      expect(asked).toEqual([]);
    });

    test('asks it for no private address either', async () => {
      const client = clientOf(upstream.url, { http: proxyUrl() });

      await expect(client.request({ url: 'http://10.0.0.1/x', ...LIMITS })).rejects.toThrow(
        'private address',
      );
      expect(asked).toEqual([]);
    });
  });
});
