import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApp, type TestApp } from '#test/app.ts';
import { metadataText, wheelFiles, wheelFilename, zip } from '#test/archives.ts';
import { databases } from '#test/databases.ts';
import { FixtureIndex, wheelFile } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf } from '#test/mirrors.ts';

// What devpi-server mended between 6.19.1 and 6.20.3 holds here, too.

describe.each(databases)('a mirror on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await mirrorApp({ database });
  });
  afterAll(() => app.close());

  test('that was made again serves what a lock file names before its page was asked for', async () => {
    await using upstream = await FixtureIndex.start();
    const file = wheelFile({ name: 'Demo.One' });
    upstream.set('demo-one', [file]);
    const options = { type: 'mirror', mirror_url: upstream.url, volatile: true };
    const index = await app.index(options);
    const path = await app.filePath(index, file.filename, 'demo-one');
    const makeAgain = async () => {
      const { auth } = index.user;
      const removed = await app.request('DELETE', index.path, { auth });
      const made = await app.request('PUT', index.path, { auth, json: options });
      expect([removed.status, made.status]).toEqual([201, 200]);
    };

    await makeAgain();
    const again = await app.get(path);
    await makeAgain();
    const metadata = await app.get(`${path}.metadata`);
    await makeAgain();
    const other = await app.get(path.replace('demo_one', 'demo_two'));

    expect([again.status, again.bytes.equals(file.bytes)]).toEqual([200, true]);
    expect([metadata.status, metadata.text]).toEqual([200, file.metadata]);
    expect(other.status).toBe(404);
  });

  test.each(['text/html', 'text/plain', 'application/vnd.pypi.simple.v1+json; charset=utf-8'])(
    'reads JSON that upstream calls %s, as a page and as a list',
    async (type) => {
      await using upstream = await FixtureIndex.start();
      const file = wheelFile();
      upstream.set('demo', [file]);
      upstream.misbehave('/simple/', { headers: { 'content-type': type } });
      upstream.misbehave('/simple/demo/', { headers: { 'content-type': type } });
      const index = await mirrorOf(app, upstream);

      expect(await app.filenames(index)).toEqual([file.filename]);
      expect((await app.get(`${index.path}/+simple/`)).text).toContain('>demo<');
    },
  );
});

describe.each(databases)('a wheel on %s', (database) => {
  test('whose METADATA stands below an unnormalized name has a metadata file', async () => {
    const app = await testApp({ database });
    try {
      const index = await app.index();
      const release = { name: 'Demo.One', version: '1.0' };
      const content = zip(
        Object.entries(wheelFiles(release)).map(([name, data]) => ({
          name: name.replace('demo_one-1.0.dist-info', 'Demo.One-1.0.dist-info'),
          data: String(data).replaceAll('demo_one-1.0.dist-info', 'Demo.One-1.0.dist-info'),
        })),
      );
      const filename = wheelFilename(release).replace('demo_one', 'Demo.One');
      await app.fill(index, { ...release, filename, content });

      const path = await app.filePath(index, filename, 'demo-one');

      expect((await app.get(`${path}.metadata`)).text).toBe(metadataText(release));
    } finally {
      await app.close();
    }
  });
});
