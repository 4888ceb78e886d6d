import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type TestApp } from '#test/app.ts';
import { databases } from '#test/databases.ts';

describe.each(databases)('users on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(async () => await app.close());

  test('a new user is shown without password fields', async () => {
    const created = await app.request('PUT', '/alice', {
      json: { password: 'x', email: 'a@example.com', title: 'T', description: 'D', custom_data: { a: [1] } },
    });

    expect(created).toMatchObject({ status: 201, headers: { 'content-type': 'application/json' } });
    expect(created.json()).toEqual({
      type: 'userconfig',
      result: {
        username: 'alice',
        created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        email: 'a@example.com',
        title: 'T',
        description: 'D',
        custom_data: { a: [1] },
        indexes: {},
      },
    });
    expect(await app.events()).toEqual(['packages.user-created']);
    expect((await app.get('/alice')).json()).toEqual(created.json());
    expect((await app.request('GET', '/alice', { auth: ROOT })).status).toBe(200);
  });
});
