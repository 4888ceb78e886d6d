import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, ROOT, testApp, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { uploadForm, wheelUpload } from '#test/uploads.ts';

/** Sends the head and half of the body of an upload, lets something happen, and sends the rest. */
async function uploadAround(
  app: TestApp,
  index: TestIndex,
  auth: Auth,
  happen: () => Promise<unknown>,
): Promise<number> {
  const form = uploadForm(wheelUpload());
  const half = Math.floor(form.body.byteLength / 2);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const upload = request(`${app.url}${index.path}/`, {
    method: 'POST',
    headers: {
      authorization: basic(auth),
      'content-type': form.contentType,
      'content-length': form.body.byteLength,
    },
  });
  upload.on('error', reject);
  upload.on('response', (response) => {
    response.resume();
    response.on('end', () => resolve(response.statusCode ?? 0));
  });
  upload.write(form.body.subarray(0, half));
  // The bytes lie in `incoming` when the server is past its first decision.
  await expect
    .poll(async () => (await app.contents()).files.filter((file) => file.startsWith('incoming/')).length)
    .toBeGreaterThan(0);
  await happen();
  upload.end(form.body.subarray(half));
  return await promise;
}

describe.each(databases)('while the body of an upload arrives, on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(async () => await app.close());

  const change = async (index: TestIndex, json: unknown) =>
    expect((await app.request('PATCH', index.path, { json, auth: index.user.auth })).status).toBe(200);

  test('the right to upload may be taken away', async () => {
    const uploader = await app.user();
    const index = await app.index({ acl_upload: [uploader.name] });

    const status = await uploadAround(app, index, uploader.auth, () => change(index, ['acl_upload=nobody']));

    expect(status).toBe(403);
    expect(await app.filenames(index)).toEqual([]);
  });

  test('the user may be deleted', async () => {
    const uploader = await app.user();
    const index = await app.index({ acl_upload: [uploader.name] });

    const status = await uploadAround(app, index, uploader.auth, () =>
      app.request('DELETE', `/${uploader.name}`, { auth: ROOT }),
    );

    expect(status).toBe(401);
    expect(await app.filenames(index)).toEqual([]);
  });

  test('the index may be deleted, and made again as a mirror', async () => {
    const index = await app.index();
    const { auth } = index.user;

    const status = await uploadAround(app, index, auth, async () => {
      expect((await app.request('DELETE', index.path, { auth })).status).toBe(201);
      const json = { type: 'mirror', mirror_url: 'http://127.0.0.1:9/simple/' };
      expect((await app.request('PUT', index.path, { json, auth: ROOT })).status).toBe(200);
    });

    // Never what happened to have the name in the end.
    expect(status).toBe(409);
  });

  test('the index may be deleted', async () => {
    const index = await app.index();
    const { auth } = index.user;

    const status = await uploadAround(app, index, auth, () => app.request('DELETE', index.path, { auth }));

    expect(status).toBe(404);
  });

  test('anything else may change, and the upload is taken', async () => {
    const index = await app.index();

    expect(await uploadAround(app, index, index.user.auth, () => change(index, ['title=New']))).toBe(200);
    expect(await app.filenames(index)).toEqual(['demo-1.0-py3-none-any.whl']);
  });
});
