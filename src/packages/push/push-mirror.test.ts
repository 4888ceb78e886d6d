import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestApp, TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { FixtureIndex, sdistFile, wheelFile } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf } from '#test/mirrors.ts';

const WHEEL = 'demo-1.0-py3-none-any.whl';
const SDIST = 'demo-1.0.tar.gz';

describe.each(databases)('a push from a mirror on %s', (database) => {
  let upstream: FixtureIndex;
  let app: TestApp;

  beforeAll(async () => {
    upstream = await FixtureIndex.start();
    app = await mirrorApp({ database });
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  const send = (mirror: TestIndex, target: TestIndex, json: object = {}) =>
    app.request('PUSH', mirror.path, {
      json: { name: 'demo', version: '1.0', targetindex: target.full, ...json },
      auth: target.user.auth,
      headers: { accept: 'application/json' },
    });

  async function scene(options: Record<string, unknown> = {}) {
    upstream.behave();
    upstream.set('demo', [
      wheelFile({
        uploadTime: '2024-02-03T04:05:06.000000Z',
        yanked: 'old',
        requiresPython: '>=3.9',
      } as never),
      sdistFile(),
      wheelFile({ version: '2.0' }),
    ]);
    return { mirror: await mirrorOf(app, upstream, options), target: await app.index() };
  }

  test('fetches the files, and stores them as if they had been uploaded, with what upstream says of them', async () => {
    const { mirror, target } = await scene();

    const answer = await send(mirror, target);

    expect(answer.status, answer.text).toBe(200);
    expect(answer.json().result).toEqual([
      [200, 'register', 'demo', '1.0', '->', target.full],
      [200, 'store_releasefile', (await app.filePath(target, WHEEL)).slice(1)],
      [200, 'store_releasefile', (await app.filePath(target, SDIST)).slice(1)],
    ]);
    const { files } = await app.page(target);
    const [wheel] = files;
    expect(wheel).toMatchObject({
      'requires-python': '>=3.9',
      yanked: 'old',
      'core-metadata': { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(wheel['upload-time']).toMatch(/^2024-02-03T04:05:06/);
    for (const { filename, hashes } of files) {
      const { bytes } = await app.get(await app.filePath(target, filename));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(hashes.sha256);
    }
    const { result } = (await app.get(`${target.path}/demo/1.0`, { accept: 'application/json' })).json();
    expect(result).toMatchObject({
      name: 'demo',
      version: '1.0',
      metadata_version: expect.stringMatching(/^\d/),
    });
    expect(result['+links'][0].log).toMatchObject([{ what: 'push', src: mirror.full, dst: target.full }]);
    expect(await send(mirror, target).then(({ status }) => status)).toBe(200);
  });

  test('fetches also where the mirror sends its readers to upstream', async () => {
    const { mirror, target } = await scene({ mirror_use_external_urls: true });

    expect((await send(mirror, target)).status).toBe(200);
    expect((await app.get(await app.filePath(target, WHEEL))).status).toBe(200);
  });

  test('names every file that upstream does not give, and changes nothing', async () => {
    const { mirror, target } = await scene();
    for (const filename of [WHEEL, SDIST]) {
      upstream.misbehave(upstream.filePath('demo', filename), { status: 502 });
    }

    const refused = await send(mirror, target);

    expect(refused.status).toBe(502);
    expect(await app.page(target)).toBe(404);
    expect((await app.contents()).rows['release_file']).not.toContainEqual(
      expect.stringContaining(target.name),
    );
  });

  test('is an error of upstream where that has lost a file', async () => {
    const { mirror, target } = await scene();
    upstream.misbehave(upstream.filePath('demo', SDIST), { status: 404 });

    const refused = await send(mirror, target);

    expect(refused.status).toBe(502);
    expect(refused.json().message).toContain(SDIST);
    expect(await app.page(target)).toBe(404);
  });

  test('of what upstream has not is refused, and nothing is asked for whom may not upload', async () => {
    const { mirror, target } = await scene();
    expect((await send(mirror, target, { version: '9' })).status).toBe(400);
    expect((await send(mirror, target, { only_docs: true })).status).toBe(400);
    const stranger = await app.user();
    const before = upstream.requests(upstream.filePath('demo', WHEEL));

    const refused = await app.request('PUSH', mirror.path, {
      json: { name: 'demo', version: '1.0', targetindex: target.full },
      auth: stranger.auth,
    });

    expect(refused.status).toBe(401);
    expect(upstream.requests(upstream.filePath('demo', WHEEL))).toBe(before);
  });
});
