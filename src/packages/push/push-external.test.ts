import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { sdistUpload, uploadForm, wheelUpload } from '#test/uploads.ts';
import { zip } from '#test/zip-writer.ts';

const WHEEL = 'demo-1.0-py3-none-any.whl';
const SDIST = 'demo-1.0.tar.gz';

/** Another server at the outer edge: answers in turn, and remembers what it was asked. */
async function openStandIn(
  ...answers: { status: number; headers?: Record<string, string>; text?: string }[]
) {
  const asked: { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push({
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('latin1'),
      });
      response.writeHead(answer?.status ?? 200, answer?.headers).end(answer?.text);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/legacy/`;
  return { url, asked, [Symbol.asyncDispose]: async () => void server.close() };
}

describe('a push to another server', () => {
  let here: TestApp;
  let there: TestApp;
  let source: TestIndex;
  let target: TestIndex;

  beforeAll(async () => {
    here = await testApp({ database: 'sqlite' });
    there = await testApp({ database: 'sqlite' });
    source = await here.index();
    await here.fill(source, wheelUpload({ description: 'Tells.' }), sdistUpload());
    const form = uploadForm({
      name: 'demo',
      version: '1.0',
      filename: 'demo.zip',
      content: zip([{ name: 'index.html', data: '<p>demo' }]),
      fields: { ':action': 'doc_upload' },
    });
    const auth = source.user.auth;
    expect((await here.request('POST', `${source.path}/`, { form, auth })).status).toBe(200);
  });
  afterAll(async () => {
    await here.close();
    await there.close();
  });

  const push = (json: Record<string, unknown>, auth: Auth | undefined = ROOT) =>
    here.request('PUSH', source.path, {
      json: { name: 'demo', version: '1.0', ...json },
      headers: { accept: 'application/json' },
      ...(auth !== undefined && { auth }),
    });

  const to = (index: TestIndex, password = index.user.auth[1]) => ({
    posturl: `${there.url}${index.path}/`,
    username: index.user.name,
    password,
  });

  test('brings files, metadata and documentation', async () => {
    target = await there.index();
    await here.events();

    const answer = await push({ ...to(target), register_project: true });

    expect(answer.status, answer.text).toBe(200);
    const at = async (filename: string) => (await here.filePath(source, filename)).slice(1);
    expect(answer.json()).toEqual({
      type: 'actionlog',
      result: [
        [200, 'register', 'demo', '1.0'],
        [200, 'upload', await at(WHEEL), ''],
        [200, 'upload', await at(SDIST), ''],
        [200, 'docfile', 'demo'],
      ],
    });
    const [ours, theirs] = [await here.page(source), await there.page(target)];
    const hashes = ({ files }: { files: { hashes: object }[] }) => files.map((file) => file.hashes);
    expect(hashes(theirs)).toEqual(hashes(ours));
    const read = async (app: TestApp, index: TestIndex) => {
      const { result } = (await app.get(`${index.path}/demo/1.0`, { accept: 'application/json' })).json();
      const { '+links': links, ...metadata } = result;
      return { metadata, specs: links.map((link: { hash_spec: string }) => link.hash_spec) };
    };
    expect(await read(there, target)).toEqual(await read(here, source));
    const [event] = await here.eventsWithData();
    expect(event).toMatchObject({
      type: 'packages.release-sent',
      actor: 'root',
      data: { index: source.full },
    });
    expect(event?.data).toMatchObject({ to: `${there.url}${target.path}/` });
  });

  test('brings less, if less is asked for', async () => {
    const [files, docs] = [await there.index(), await there.index()];

    const rowsOf = async (json: object) =>
      (await push({ ...json })).json().result.map(([, action]: [number, string]) => action);
    expect(await rowsOf({ ...to(files), no_docs: true })).toEqual(['upload', 'upload']);
    expect(await rowsOf({ ...to(docs), only_docs: true })).toEqual(['docfile']);
  });

  test('tells what the other server refuses, and nothing that was secret', async () => {
    await here.events();

    const answer = await push(to(target, 'a wrong secret'));

    expect(answer.status).toBe(502);
    const { result } = answer.json();
    expect(result.map(([code, action]: [number, string]) => [code, action])).toEqual([
      [401, 'upload'],
      [401, 'upload'],
      [401, 'docfile'],
    ]);
    expect(result[0][3]).toContain('password');
    expect(await here.events()).toEqual([]);
    expect(here.logged).toContain('pushed to another server');
    expect(here.logged).not.toContain('a wrong secret');
    expect(here.logged).not.toContain(Buffer.from(`${target.user.name}:a wrong secret`).toString('base64'));
  });

  test('sends what twine sends, with credentials', async () => {
    await using other = await openStandIn({ status: 201 });

    expect((await push({ posturl: other.url, username: 'me', password: 'p:w' })).status).toBe(200);

    const [wheel, sdist, zipped] = other.asked;
    expect(wheel?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('me:p:w').toString('base64')}`,
      'content-length': String(Buffer.byteLength(wheel?.body ?? '', 'latin1')),
    });
    for (const [name, value] of Object.entries({
      ':action': 'file_upload',
      filetype: 'bdist_wheel',
      pyversion: 'py3',
      name: 'demo',
      version: '1.0',
      metadata_version: '2.1',
    })) {
      expect(wheel?.body).toContain(`name="${name}"\r\n\r\n${value}\r\n`);
    }
    expect(wheel?.body).toMatch(/name="sha256_digest"\r\n\r\n[0-9a-f]{64}\r\n/);
    expect(sdist?.body).toContain('name="filetype"\r\n\r\nsdist\r\n');
    expect(zipped?.body).toContain('name="content"; filename="demo.zip"');
  });

  test('goes on where projects need not be registered, and ends where registering fails', async () => {
    await using gone = await openStandIn({ status: 410 }, { status: 200 });
    await using broken = await openStandIn({ status: 500, text: 'no' });

    const first = await push({ posturl: gone.url, register_project: true });
    const second = await push({ posturl: broken.url, register_project: true });

    expect(first.status).toBe(200);
    expect(first.json().result[0]).toEqual([410, 'register', 'demo', '1.0']);
    expect(second.status).toBe(502);
    expect(second.json().result).toEqual([[500, 'register', 'demo', '1.0']]);
  });

  test('is no success where one file was refused', async () => {
    await using other = await openStandIn({ status: 400, text: 'File already exists.' }, { status: 200 });

    const answer = await push({ posturl: other.url });

    expect(answer.status).toBe(502);
    expect(answer.json().result[0]).toMatchObject([
      400,
      'upload',
      expect.any(String),
      'File already exists.',
    ]);
  });

  test('tells the reason on a page of another server without the page', async () => {
    const text =
      '<html><head><title>Error: 409</title><style>html { color: red }</style></head><h1>Conflict</h1><p>It exists';
    const headers = { 'content-type': 'text/html; charset=UTF-8' };
    await using other = await openStandIn({ status: 409, headers, text }, { status: 200 });

    expect((await push({ posturl: other.url })).json().result[0].at(-1)).toBe('Conflict It exists');
  });

  test('follows no redirect, which would carry files and credentials elsewhere', async () => {
    await using elsewhere = await openStandIn({ status: 200 });
    await using other = await openStandIn({ status: 307, headers: { location: elsewhere.url } });

    const answer = await push({ posturl: other.url, username: 'me', password: 'secret' });

    expect(answer.status).toBe(502);
    expect(answer.json().result[0][0]).toBe(307);
    expect(elsewhere.asked).toEqual([]);
  });

  test('ends when nobody answers', async () => {
    const answer = await push({ posturl: 'http://127.0.0.1:9/' });

    expect(answer.status).toBe(502);
    expect(answer.json().result).toEqual([
      [
        -1,
        'exception on release upload:',
        'cannot reach 127.0.0.1:9 (ECONNREFUSED); push again when the other server is well: what it has taken stays there',
      ],
    ]);
  });

  test('to a private address is for root, and nobody else learns what is there', async () => {
    await using other = await openStandIn({ status: 200 });

    const answers = [other.url, 'http://127.0.0.1:9/', 'http://localhost:9/', 'http://[::1]:9/'].map(
      async (posturl) => await push({ posturl }, source.user.auth),
    );

    for (const answer of await Promise.all(answers)) {
      expect(answer.status).toBe(502);
      expect(answer.json().result).toEqual([
        [
          -1,
          'exception on release upload:',
          expect.stringContaining('is at a private address, or there is no such host'),
        ],
      ]);
    }
    expect(other.asked).toEqual([]);
  });

  test('is for those who are logged in', async () => {
    await using other = await openStandIn({ status: 200 });

    const answer = await here.request('PUSH', source.path, {
      json: { name: 'demo', version: '1.0', posturl: other.url },
    });

    expect(answer.status).toBe(401);
    expect(other.asked).toEqual([]);
  });

  test.each([
    ['ftp://example.com/', 'field posturl: must be a URL'],
    ['nothing', 'field posturl: must be a URL'],
    ['http://me:secret@127.0.0.1/', 'field posturl: must hold no credentials'],
  ])('to %s is refused', async (posturl, words) => {
    const answer = await push({ posturl });

    expect(answer.status).toBe(400);
    expect(answer.json().message).toContain(words);
    expect(answer.text).not.toContain('secret');
  });

  test('of an absent release is refused before anything is sent', async () => {
    await using other = await openStandIn({ status: 200 });

    expect((await push({ posturl: other.url, version: '9' })).status).toBe(400);
    expect(other.asked).toEqual([]);
  });
});
