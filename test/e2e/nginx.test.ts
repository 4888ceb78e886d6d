import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClientSession } from '#test/client-session.ts';
import { findProgram } from '#test/clients.ts';
import { createIndex, listPage, request, sha256, upload, wheelUpload } from '#test/index-api.ts';
import { skipWithout } from '#test/machine.ts';
import { startNginx, type Nginx } from '#test/nginx.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

const missing =
  findProgram('nginx') === undefined ? 'nginx is not installed (apt-get install nginx)' : undefined;

describe.skipIf(skipWithout(missing))('behind nginx', () => {
  let server: ServerProcess;
  let nginx: Nginx;
  /** The server as its users see it. */
  let outside: { readonly url: string };

  beforeAll(async () => {
    server = await startServer();
    nginx = await startNginx((port) => [
      'location /python/ {',
      `  proxy_pass ${server.url};`,
      `  proxy_set_header X-Outside-Url http://127.0.0.1:${port}/python;`,
      '  proxy_set_header X-Real-IP $remote_addr;',
      '  proxy_http_version 1.1;',
      '  proxy_buffering off;',
      '  proxy_request_buffering off;',
      '  client_max_body_size 0;',
      '}',
    ]);
    outside = { url: `${nginx.url}/python` };
  });

  afterAll(async () => {
    await nginx?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  it('lets devpi use, upload and list, and pip install, below a path', async () => {
    await using session = await openClientSession();
    const { user, password, simple, url } = await createIndex(outside, 'anna/dev');
    const { filename, bytes } = wheelUpload();
    const file = await session.write(filename, bytes);
    const devpi = async (...args: string[]) => (await session.succeed('devpi', args)).stdout;
    const python = await session.makeVenv();

    expect(await devpi('use', `${outside.url}/anna/dev`)).toContain(
      `current devpi index: ${outside.url}/anna/dev (not logged in)`,
    );
    expect(await devpi('login', user, `--password=${password}`)).toContain(`logged in 'anna'`);
    expect(await devpi('upload', file)).toBe(`file_upload of ${filename} to ${url}/\n`);
    expect(await devpi('list', 'demo')).toMatch(new RegExp(`^${url}/\\+f/\\w+/\\w+/${filename}\n$`));
    await session.succeed('pip', ['--python', python, 'install', '--index-url', simple, 'demo']);
    const { stdout } = await session.runProgram([python, '-c', 'import demo; print(demo.answer)']);
    expect(stdout).toBe('42\n');
  });

  it('names itself by the outside address wherever it gives one', async () => {
    await createIndex(outside, 'berta/dev');

    const api = await request(outside, 'GET', '/berta/dev/+api');

    expect(JSON.parse(api.text)).toMatchObject({
      result: {
        login: `${outside.url}/+login`,
        index: `${outside.url}/berta/dev`,
        simpleindex: `${outside.url}/berta/dev/+simple/`,
        pypisubmit: `${outside.url}/berta/dev/`,
      },
    });
  });

  it('keeps the reason of a refusal, which twine prints', async () => {
    const index = await createIndex(outside, 'carla/prod', { volatile: false });
    const first = wheelUpload();
    await upload(index, first);

    const answer = await upload(index, { ...first, bytes: wheelUpload({ description: 'other' }).bytes });

    expect(answer).toMatchObject({
      status: 409,
      reason: `${first.filename} already exists in non-volatile index`,
    });
  });

  it('serves the same page inside and outside, each with addresses that work there', async () => {
    const index = await createIndex(outside, 'dora/dev');
    const file = wheelUpload();
    await upload(index, file);

    for (const base of [outside.url, server.url, outside.url]) {
      const [offered] = await listPage({ simple: `${base}/dora/dev/+simple/` }, 'demo');
      expect(offered!.url.startsWith(`${base}/dora/dev/+f/`), offered!.url).toBe(true);
      const bytes = Buffer.from(await (await fetch(offered!.url)).arrayBuffer());
      expect(sha256(bytes)).toBe(sha256(file.bytes));
    }
  });
});
