import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type Auth, type TestApp } from '#test/app.ts';
import { databases } from '#test/databases.ts';

describe.each(databases)('packages.default-bases on %s', (database) => {
  let app: TestApp;
  let basesOf: (owner: { readonly name: string; readonly auth: Auth }, options?: object) => Promise<unknown>;
  let count = 0;
  beforeAll(async () => {
    app = await testApp({
      database,
      settings: { 'packages.default-bases': ['root/shared', 'root/private', 'root/absent'] },
    });
    await app.request('PUT', '/root/shared', { json: { bases: [] }, auth: ROOT });
    await app.request('PUT', '/root/private', { json: { bases: [], acl_read: ['root'] }, auth: ROOT });
    basesOf = async ({ name, auth }, options = {}) => {
      const { status, json, text } = await app.request('PUT', `/${name}/i${(count += 1)}`, {
        json: options,
        auth,
      });
      expect(status, text).toBe(200);
      return json().result.bases;
    };
  });
  afterAll(async () => await app.close());

  test('are those that are there and that its maker may read', async () => {
    expect(await basesOf(await app.user())).toEqual(['root/shared']);
    expect(await basesOf({ name: 'root', auth: ROOT })).toEqual(['root/shared', 'root/private']);
  });

  test('are not for one whose maker names bases, or none', async () => {
    const user = await app.user();

    expect(await basesOf(user, { bases: [] })).toEqual([]);
    expect(await basesOf(user, { bases: '' })).toEqual([]);
    expect(await basesOf(user, { bases: 'root/shared' })).toEqual(['root/shared']);
  });

  test('are not for a mirror', async () => {
    expect(await basesOf(await app.user(), { type: 'mirror' })).toBeUndefined();
  });
});
