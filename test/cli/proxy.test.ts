import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

/** A name that only the proxy knows. */
const OUTSIDE = 'wheelhouse.invalid';

describe('a command behind a proxy', () => {
  let server: ServerProcess;
  let proxy: Server;
  let asked: string[];

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => await server[Symbol.asyncDispose]());

  beforeEach(async () => {
    asked = [];
    proxy = createServer((request, response) => {
      asked.push(`${request.method} ${new URL(request.url ?? '').host}`);
      const { pathname, search } = new URL(request.url ?? '');
      const forwarded = httpRequest(`${server.url}${pathname}${search}`, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      forwarded.end();
    });
    proxy.on('connect', (request, socket) => {
      asked.push(`CONNECT ${request.url}`);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
  });
  afterEach(() => {
    proxy.closeAllConnections();
    proxy.close();
  });

  const proxyUrl = () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const why = async (url: string, env: Readonly<Record<string, string>>) =>
    await runWheelhouse(['why', `${url}/root/pypi`, 'demo'], { env });

  it.each(['http_proxy', 'HTTP_PROXY', 'WHEELHOUSE_HTTP_PROXY'])('goes through that of %s', async (name) => {
    const others = name.startsWith('WHEELHOUSE') ? { http_proxy: 'http://127.0.0.1:9' } : {};

    const { stdout, stderr } = await why(`http://${OUTSIDE}`, { ...others, [name]: proxyUrl() });

    expect(stderr).toBe('');
    expect(stdout).toContain('demo');
    expect(asked).toEqual([`GET ${OUTSIDE}`]);
  });

  it('has it open a tunnel for https', async () => {
    const { stderr } = await why(`https://${OUTSIDE}`, { https_proxy: proxyUrl() });

    expect(stderr).toContain(`cannot reach ${OUTSIDE}`);
    expect(asked).toEqual([`CONNECT ${OUTSIDE}:443`]);
  });

  it('goes past it to this machine, and to hosts that are excepted', async () => {
    const local = await why(server.url, { http_proxy: proxyUrl() });
    const excepted = await why(`http://${OUTSIDE}`, { http_proxy: proxyUrl(), no_proxy: OUTSIDE });

    expect(local.stdout).toContain('demo');
    expect(excepted.stderr).toContain(`cannot reach ${OUTSIDE}`);
    expect(asked).toEqual([]);
  });

  it('is told when it is no URL, without its password', async () => {
    const { exitCode, stderr } = await why(`http://${OUTSIDE}`, { http_proxy: 'ftp://alice:hunter2@proxy' });

    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('environment http_proxy: http-proxy must be an http:// or https:// URL');
    expect(stderr).not.toContain('hunter2');
  });
});
