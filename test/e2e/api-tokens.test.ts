import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClientSession } from '#test/client-session.ts';
import { createIndex, listPage, request, wheelUpload } from '#test/index-api.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

type Index = Awaited<ReturnType<typeof createIndex>>;

/** An index, a token of its owner for it, and a token of somebody who may not upload. */
async function newScene(name: string): Promise<{ index: Index; token: string; foreign: string }> {
  const index = await createIndex(server, name);
  const stranger = await createIndex(server, `${index.user}-stranger/dev`);
  const make = async (account: Index): Promise<string> => {
    const body = {
      name: 'ci',
      scopes: ['packages.read', 'packages.upload'],
      on: [name],
    };
    const made = await request(server, 'POST', '/+tokens', account, body);
    expect(made.status, made.text).toBe(201);
    return (JSON.parse(made.text) as { result: { token: string } }).result.token;
  };
  return { index, token: await make(index), foreign: await make(stranger) };
}

/** The address with the credentials in it, as pip and uv take it. */
const withToken = (url: string, token: string) => url.replace('://', `://__token__:${token}@`);

const expectHidden = (output: string, token: string) => expect(output).not.toContain(token.slice(3, 40));

describe('an API token as the password of __token__', () => {
  it('uploads with twine, and does not where acl_upload names somebody else', async () => {
    await using session = await openClientSession();
    const { index, token, foreign } = await newScene('anna/dev');
    const { filename, bytes } = wheelUpload();
    await session.write(`dist/${filename}`, bytes);
    const upload = (secret: string) =>
      session.run('twine', ['upload', '--non-interactive', '--repository-url', `${index.url}/`, 'dist/*'], {
        env: { TWINE_USERNAME: '__token__', TWINE_PASSWORD: secret },
      });

    const refused = await upload(foreign);
    const done = await upload(token);

    expect(refused.exitCode).toBe(1);
    expect(refused.stdout + refused.stderr).toContain('no permission to submit');
    expect(done.exitCode, done.stdout + done.stderr).toBe(0);
    expect((await listPage(index, 'demo')).map((file) => file.filename)).toEqual([filename]);
  });

  it('uploads with uv, and installs with uv and pip', async () => {
    await using session = await openClientSession();
    const { index, token, foreign } = await newScene('berta/dev');
    const { filename, bytes } = wheelUpload();
    const path = await session.write(`dist/${filename}`, bytes);
    const publish = (secret: string) =>
      session.run('uv', ['publish', '--publish-url', `${index.url}/`, path], {
        env: { UV_PUBLISH_TOKEN: secret },
      });

    expect((await publish(foreign)).exitCode).not.toBe(0);
    const published = await publish(token);
    expect(published.exitCode, published.stderr).toBe(0);

    const simple = withToken(index.simple, token);
    const python = await session.makeVenv('uv-venv');
    await session.succeed('uv', ['pip', 'install', '--python', python, '--index-url', simple, 'demo']);
    const output = await session.succeed('pip', ['download', '--no-deps', '--index-url', simple, 'demo']);
    expectHidden(output.stdout + output.stderr, token);
    expect(await session.read(filename)).not.toBe('');
  });

  it('uploads with poetry', async () => {
    await using session = await openClientSession();
    const { index, token, foreign } = await newScene('carla/dev');
    const { filename, bytes } = wheelUpload();
    await session.write(`dist/${filename}`, bytes);
    await session.write(
      'pyproject.toml',
      '[project]\nname = "demo"\nversion = "1.0"\n[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n',
    );
    await session.succeed('poetry', ['config', 'repositories.acme', `${index.url}/`]);
    const publish = (secret: string) =>
      session.run('poetry', ['publish', '--no-interaction', '--repository', 'acme'], {
        env: { POETRY_HTTP_BASIC_ACME_USERNAME: '__token__', POETRY_HTTP_BASIC_ACME_PASSWORD: secret },
      });

    const refused = await publish(foreign);
    const done = await publish(token);

    expect(refused.exitCode).not.toBe(0);
    expect(done.exitCode, done.stdout + done.stderr).toBe(0);
    expect(await listPage(index, 'demo')).toHaveLength(1);
  });

  it('logs devpi-client in, which gets the token itself and no stronger login', async () => {
    await using session = await openClientSession();
    const { index, token } = await newScene('doris/dev');
    await session.succeed('devpi', ['use', index.url]);

    const login = await session.succeed('devpi', ['login', index.user, '--password', token]);

    expect(login.stdout).toContain(`logged in '${index.user}'`);
    const refused = await session.run('devpi', ['user', '-m', index.user, 'title=T']);
    expect(refused.stdout + refused.stderr).toContain('403');
  });
});
