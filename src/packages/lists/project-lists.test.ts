import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FixtureIndex, wheelFile } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf } from '#test/mirrors.ts';

const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';

test.each([
  ['is larger than a list can be', { body: `{"projects":[${'{"name":"a"},'.repeat(1000)}{}]}` }],
  ['drips without end', { drip: { bytes: 1, pauseMs: 20 } }],
])('a list of projects that %s is given up', async (_what, how) => {
  await using upstream = await FixtureIndex.start();
  upstream.set('demo', [wheelFile()]);
  const settings = { 'packages.mirror-list-bytes': 10_000, 'packages.mirror-list-seconds': 0.4 };
  const app = await mirrorApp({ database: 'sqlite', settings });
  try {
    const index = await mirrorOf(app, upstream);
    upstream.misbehave('/simple/', { ...how, headers: { 'content-encoding': 'identity' } });
    expect((await app.get(`${index.path}/+simple/`)).status).toBe(502);
    app.errors();
    expect(await readdir(join(app.serverdir, 'cache', 'project-lists'))).toEqual([]);

    upstream.behave();
    expect((await app.get(`${index.path}/+simple/`)).text).toContain('demo');
  } finally {
    await app.close();
  }
});

test('what was rendered before the server was started again takes no space', async () => {
  await using upstream = await FixtureIndex.start();
  upstream.set('demo', [wheelFile()]);
  const app = await mirrorApp({ database: 'sqlite' });
  const index = await mirrorOf(app, upstream);
  await app.get(`${index.path}/+simple/`);
  const directory = join(app.serverdir, 'cache', 'project-lists');
  const before = await readdir(directory);
  expect(before).toHaveLength(8);

  const again = await app.restart({ settings: { offline: false } });
  try {
    const { text } = await again.get(`${index.path}/+simple/`, { accept: JSON_TYPE });
    expect(JSON.parse(text).projects).toEqual([{ name: 'demo' }]);
    expect(await readdir(directory)).toHaveLength(before.length);
  } finally {
    await again.close();
  }
});
