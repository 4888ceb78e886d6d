import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { testApp } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';

describe.each(databases)('probes of a server on %s', (database) => {
  test('say that it lives and is ready, to strangers and without being cached', async () => {
    await using app = await start(database);

    for (const path of ['/+healthz', '/+readyz', '/+readyz/']) {
      const answer = await app.get(path);
      expect([answer.status, answer.json()]).toEqual([200, { status: 'ok' }]);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
  });

  test('name what is missing, without its reason', async () => {
    await using app = await start(database);
    await sql`insert into migration (name, applied_at) values ('9999-later', 0)`.execute(app.context.db);
    const files = join(app.directory, 'files');
    await rename(files, `${files}-gone`);

    const answer = await app.get('/+readyz', { accept: 'application/problem+json' });

    expect(answer.status).toBe(503);
    expect(answer.json()).toMatchObject({
      code: 'kernel.not-ready',
      detail: 'not ready: migrations, store',
    });
    expect(answer.text).not.toContain(app.directory);
    expect((await app.get('/+healthz')).status).toBe(200);

    await rename(`${files}-gone`, files);
    await sql`delete from migration where name = '9999-later'`.execute(app.context.db);
    expect((await app.get('/+readyz')).status, 'found out a moment ago').toBe(503);
    app.clock.advance(2000);
    expect((await app.get('/+readyz')).status).toBe(200);
  });
});

async function start(kind: (typeof databases)[number]) {
  const clock = new TestClock();
  const app = await testApp({ database: kind, clock });
  return Object.assign(app, { clock, directory: app.serverdir, [Symbol.asyncDispose]: () => app.close() });
}
