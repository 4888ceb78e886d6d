import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type TestApp } from '#test/app.ts';
import { see, submit, submitFile } from '#test/browser-request.ts';
import { databases } from '#test/databases.ts';
import { sdistUpload, wheelUpload } from '#test/uploads.ts';

describe.each(databases)('uploading in a browser, on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database, settings: { 'packages.max-upload-bytes': 100_000 } });
  });
  afterAll(() => app.close());

  test.each([wheelUpload({ name: 'My.Pkg-x', version: '1.0+local.1' }), sdistUpload({ name: 'old-name' })])(
    'takes name and version of $filename from the archive',
    async (upload) => {
      const index = await app.index();

      const done = await submitFile(app, `${index.path}/+upload`, upload, { auth: index.user.auth });

      expect(done.status, done.text).toBe(200);
      expect(done.text).toContain('stored');
      expect(await app.events()).toEqual(['packages.project-created', 'packages.file-uploaded']);
      const project = upload.name.toLowerCase().replaceAll('.', '-');
      expect(await app.filenames(index, project)).toEqual([upload.filename]);
      const { result } = (await app.get(`${index.path}/${project}`, { accept: 'application/json' })).json();
      expect(result[upload.version].name).toBe(upload.name);
    },
  );

  test('answers scripts with one line', async () => {
    const index = await app.index();

    const done = await submitFile(app, `${index.path}/+upload?line`, wheelUpload(), {
      auth: index.user.auth,
    });

    expect(done.text).not.toContain('<html');
    expect(done.text).toContain(`href="${index.path}/demo/1.0"`);
    await app.events();
  });

  test('says that the very bytes were there, and refuses others on an index that keeps them', async () => {
    const index = await app.index({ volatile: false });
    const path = `${index.path}/+upload?line`;
    const { auth } = index.user;
    await submitFile(app, path, wheelUpload(), { auth });
    await app.events();
    const before = await app.contents();

    expect((await submitFile(app, path, wheelUpload(), { auth })).text).toContain('was there');
    const changed = await submitFile(app, path, wheelUpload({ description: 'other' }), { auth });
    expect(changed.text).toContain('refused');
    expect(changed.text).toContain('already exists in non-volatile index. Raise the version');
    expect(await app.contents()).toEqual(before);
  });

  test.each([
    [
      'a name that is none',
      { filename: '<b>.whl', content: Buffer.from('x') },
      'is not a valid archive name',
    ],
    [
      'what is no archive',
      { filename: 'demo-1.0-py3-none-any.whl', content: Buffer.from('x') },
      'invalid archive',
    ],
    [
      'another project inside',
      { ...wheelUpload({ name: 'other' }), filename: 'demo-1.0-py3-none-any.whl' },
      'refused',
    ],
    ['too much', { filename: 'demo-1.0.tar.gz', content: Buffer.alloc(200_000) }, 'larger than 100000 bytes'],
    ['no file', { filename: '', content: Buffer.alloc(0) }, 'No file was chosen'],
  ])('refuses %s and keeps nothing', async (_what, file, words) => {
    const index = await app.index();
    const before = await app.contents();

    const refused = await submitFile(app, `${index.path}/+upload`, file, { auth: index.user.auth });

    expect(refused.status).toBe(422);
    expect(refused.text.toLowerCase()).toContain(words.toLowerCase());
    expect(refused.text).not.toContain('<b>.whl');
    expect(await app.contents()).toEqual(before);
  });

  test('is for who is listed, and says so to the others', async () => {
    const index = await app.index();
    const path = `${index.path}/+upload`;
    const stranger = await app.user();
    const before = await app.contents();

    const root = await see(app, path, { auth: ROOT });
    expect(root.text).toContain('Root is not listed by itself.');
    expect(root.text).not.toContain('type="file"');
    expect((await see(app, path, { auth: stranger.auth })).text).toContain('You may not upload here.');
    expect((await see(app, path)).text).toContain('Log in to upload.');
    for (const auth of [ROOT, stranger.auth]) {
      expect((await submitFile(app, path, wheelUpload(), { auth })).status).toBe(403);
    }
    expect((await submitFile(app, path, wheelUpload())).status).toBe(401);
    expect(await app.contents()).toEqual(before);
  });

  test('takes no file from a page of another site', async () => {
    const index = await app.index({ acl_upload: [':ANONYMOUS:'] });
    const before = await app.contents();

    for (const site of ['cross-site', 'same-site', 'none']) {
      const response = await submitFile(app, `${index.path}/+upload`, wheelUpload(), { site });
      expect(response.status).toBe(403);
    }
    expect(await app.contents()).toEqual(before);
  });

  test('asks for a file where a form has none', async () => {
    const index = await app.index();

    const refused = await submit(app, `${index.path}/+upload`, {}, { auth: index.user.auth });

    expect(refused.status).toBe(422);
    expect(refused.text).toContain('The form has no file.');
  });

  test('of a mirror says that it takes none', async () => {
    const mirror = await app.index({ type: 'mirror', mirror_url: 'https://upstream.example/simple/' });

    expect((await see(app, `${mirror.path}/+upload`)).text).toContain('takes no uploads');
  });
});
