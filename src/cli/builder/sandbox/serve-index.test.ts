import { once } from 'node:events';
import { createServer, request, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { sha256 } from '#test/index-api.ts';
import { serveIndex, type BuildIndex, type ServedIndex } from './serve-index.ts';

const PATH = '/root/wheels/+simple/';
const FILE = '/root/wheels/+f/abc/0123456789abc/demo-1.0-py3-none-any.whl';

interface Seen {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
}

/** A master at this path of its address, and what builds see of it. */
async function serving(answer: RequestListener, { fetchBytes = 1e9, prefix = '' } = {}) {
  const seen: Seen[] = [];
  const master = createServer((asked, response) => {
    seen.push({ url: asked.url, authorization: asked.headers.authorization });
    answer(asked, response);
  });
  master.listen(0, '127.0.0.1');
  await once(master, 'listening');
  const url = `http://127.0.0.1:${(master.address() as AddressInfo).port}${prefix}`;
  const index: BuildIndex = { url, path: PATH, authorization: 'Bearer wh_secret' };
  const served = await serveIndex(index, fetchBytes);
  return {
    served,
    seen,
    url,
    [Symbol.asyncDispose]: async () => {
      await served[Symbol.asyncDispose]();
      master.closeAllConnections();
      master.close();
    },
  };
}

interface Told {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

async function ask({ socket }: ServedIndex, path: string, method = 'GET', headers = {}): Promise<Told> {
  const sent = request({ socketPath: socket, path, method, headers });
  sent.end();
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, headers: response.headers, text };
}

test('pages and files are forwarded with the credentials of the builder, and files are recorded', async () => {
  await using master = await serving((_, response) => response.end('content'));
  const { served } = master;

  for (const path of [`${PATH}demo/`, FILE, `${FILE}.metadata`, FILE, FILE.replace('+f', '%2Bf')]) {
    expect(await ask(served, path)).toMatchObject({ status: 200, text: 'content' });
  }

  expect(new Set(master.seen.map(({ authorization }) => authorization))).toEqual(
    new Set(['Bearer wh_secret']),
  );
  expect(master.seen.at(-1)?.url).toBe(FILE);
  const digest = sha256(Buffer.from('content'));
  expect(served.fetched).toEqual([{ filename: 'demo-1.0-py3-none-any.whl', sha256: digest, size: 7 }]);
});

test.each([
  '/',
  '/root/wheels/',
  PATH,
  '/+status',
  '/root/other/+simple/demo/',
  `${PATH}demo/../../`,
  `${PATH}../`,
  `${PATH}demo%2f..%2f`,
  `${PATH}demo/?refresh=1`,
  `${PATH}demo/more`,
  '/root/wheels/+f/../../../+status',
  '/root/wheels/+f/%2e%2e/demo.whl',
  `${FILE}?query`,
  '/root/wheels/+api',
  '//127.0.0.1/root/wheels/+f/x',
  'http://127.0.0.1/',
])('%s is not forwarded', async (path) => {
  await using master = await serving((_, response) => response.end('content'));

  expect(await ask(master.served, path)).toMatchObject({ status: 403 });
  expect(master.seen).toEqual([]);
});

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is not forwarded', async (method) => {
  await using master = await serving((_, response) => response.end('content'));

  expect(await ask(master.served, `${PATH}demo/`, method)).toMatchObject({ status: 405 });
  expect(master.seen).toEqual([]);
});

test('what a build says of itself stays behind', async () => {
  const seen: Record<string, unknown>[] = [];
  await using master = await serving((asked, response) => {
    seen.push(asked.headers);
    response.setHeader('set-cookie', 'session=wh_cookie').end();
  });

  const headers = { authorization: 'Bearer other', cookie: 'a=b', 'x-devpi-auth': 'x', accept: 'text/html' };
  const answer = await ask(master.served, `${PATH}demo/`, 'GET', headers);

  expect(seen).toMatchObject([{ accept: 'text/html', authorization: 'Bearer wh_secret' }]);
  expect(Object.keys(seen[0] ?? {})).not.toContain('cookie');
  expect(Object.keys(seen[0] ?? {})).not.toContain('x-devpi-auth');
  expect(Object.keys(answer.headers)).not.toContain('set-cookie');
});

test('a redirect leads to what builds may see, or nowhere', async () => {
  let location = '';
  await using master = await serving((_, response) => response.writeHead(302, { location }).end(), {
    prefix: '/below',
  });

  location = `${master.url}${PATH}demo/`;
  expect(await ask(master.served, `${PATH}Demo/`)).toMatchObject({
    status: 302,
    headers: { location: `${PATH}demo/` },
  });
  for (location of ['http://192.0.2.1/demo.whl', `${master.url}/+status`, '/root/wheels/+simple/demo/'])
    expect((await ask(master.served, `${PATH}demo/`)).status).toBe(502);
});

test('ranges are passed on, and parts of a file are not recorded as the file', async () => {
  await using master = await serving((asked, response) => {
    response
      .writeHead(206, { 'content-range': 'bytes 0-2/7', 'x-range': String(asked.headers.range) })
      .end('con');
  });

  const answer = await ask(master.served, FILE, 'GET', { range: 'bytes=0-2' });

  expect(answer).toMatchObject({ status: 206, text: 'con', headers: { 'content-range': 'bytes 0-2/7' } });
  expect(master.served.fetched).toEqual([]);
});

test('no more is fetched than a build may', async () => {
  await using master = await serving((_, response) => response.end(Buffer.alloc(100_000)), {
    fetchBytes: 150_000,
  });

  expect((await ask(master.served, FILE)).status).toBe(200);
  await expect(ask(master.served, FILE)).rejects.toThrow();
  expect(master.served).toMatchObject({ isSpent: true, hasFailed: false });
});

test('a master that is gone, and one that fails, is told', async () => {
  await using broken = await serving((_, response) => response.writeHead(503).end());
  expect((await ask(broken.served, `${PATH}demo/`)).status).toBe(503);
  expect(broken.served.hasFailed).toBe(true);

  await using absent = await serveIndex({ url: 'http://127.0.0.1:9', path: PATH }, 1000);
  expect((await ask(absent, `${PATH}demo/`)).status).toBe(502);
  expect(absent.hasFailed).toBe(true);
});

test('a build that leaves in the middle of an answer says nothing of the index', async () => {
  await using master = await serving((_, response) => void response.write('a beginning'));
  const sent = request({ socketPath: master.served.socket, path: FILE });
  sent.on('error', () => undefined).end();
  const [response] = await once(sent, 'response');
  await once(response, 'data');

  response.on('error', () => undefined);
  sent.destroy();

  expect((await ask(master.served, '/')).status).toBe(403);
  expect(master.served.hasFailed).toBe(false);
});

test('an answer that is torn off is told', async () => {
  await using master = await serving((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('a beginning');
    setImmediate(() => response.destroy());
  });

  await expect(ask(master.served, FILE)).rejects.toThrow();
  expect(master.served.hasFailed).toBe(true);
});

test('a project that the index does not have is no failure of the index', async () => {
  await using master = await serving((_, response) => response.writeHead(404).end());

  expect((await ask(master.served, `${PATH}absent/`)).status).toBe(404);
  expect(master.served.hasFailed).toBe(false);
});
