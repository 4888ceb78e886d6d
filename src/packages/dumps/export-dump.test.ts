import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentProgress } from '#kernel/progress.ts';
import { storedPath } from '#kernel/files/stored-path.ts';
import type { Database } from '#kernel/db/db.ts';
import { testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { databases, testDatabase, type TestDatabase } from '#test/databases.ts';
import { sdistUpload, uploadForm, wheelUpload } from '#test/uploads.ts';
import { zip } from '#test/zip-writer.ts';
import { exportDump } from './export-dump.ts';
import { importDump } from './import-dump.ts';

describe.each(databases)('an export from %s', (kind) => {
  let home: TestDatabase;
  let database: Database;
  let app: TestApp;
  let directory: string;
  let dev: TestIndex;
  beforeEach(async () => {
    home = await testDatabase(kind);
    app = await testApp({ database: kind, on: home, serverdir: home.directory });
    database = home.open();
    directory = join(app.serverdir, 'dump');
    dev = await app.index({ user: await app.user('ada'), name: 'dev' });
    await app.fill(dev, wheelUpload(), sdistUpload(), wheelUpload({ name: 'Other.One', version: '2.0' }));
  });
  afterEach(async () => {
    await database.close();
    await app.close();
  });

  const exported = (options: { readonly hardLinks?: boolean } = {}) =>
    exportDump(app.context, database, { directory, ...options }, silentProgress);
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

  /** Each file of the dump, and the digest that the dump tells of it. */
  async function told(): Promise<[string, string][]> {
    const { indexes } = JSON.parse(await readFile(join(directory, 'dataindex.json'), 'utf8'));
    return indexes['ada/dev'].files.map((file: { relpath: string; entrymapping: { hash_spec: string } }) => [
      file.relpath,
      file.entrymapping.hash_spec.replace('sha256=', ''),
    ]);
  }

  test('has everything that an import makes the same server of', async () => {
    const docs = zip([{ name: 'index.html', data: '<h1>demo</h1>' }]);
    const form = uploadForm({
      name: 'demo',
      version: '1.0',
      filename: 'demo.zip',
      content: docs,
      fields: { ':action': 'doc_upload' },
    });
    expect((await app.request('POST', `${dev.path}/`, { form, auth: dev.user.auth })).status).toBe(200);
    const wheel = wheelUpload().filename;
    const tox = { json: { testenvs: {} }, auth: dev.user.auth };
    expect((await app.request('POST', await app.filePath(dev, wheel), tox)).status).toBe(200);

    expect(await exported()).toMatchObject({ users: 2, projects: 2, files: 5 });

    const types = (await told()).map(([path]) => path.split('/').at(-1));
    // devpi-import wants a file before what tox told of it.
    expect(types.indexOf(wheel)).toBeLessThan(types.findIndex((name) => name?.includes('toxresult')));
    for (const [path, sha256] of await told())
      expect(digest(await readFile(join(directory, path)))).toBe(sha256);
    const other = await testApp({ database: kind });
    try {
      await importDump(other.context, { directory }, silentProgress);
      // A dump has seconds only.
      const page = async (from: TestApp, project: string) =>
        JSON.stringify(await from.page(dev, project)).replaceAll(/\.[0-9]{3}Z/g, '.000Z');
      for (const project of ['demo', 'other-one'])
        expect(await page(other, project)).toBe(await page(app, project));
      const release = async (from: TestApp) => {
        const answer = await from.get(`${dev.path}/demo/1.0`, { accept: 'application/json' });
        const links = answer.json().result['+links'] as { rel: string; hash_spec: string; log: unknown }[];
        return links.map(({ rel, hash_spec: hash, log }) => ({ rel, hash, log }));
      };
      expect(await release(other)).toEqual(await release(app));
    } finally {
      await other.close();
    }
  });

  test('gives files a second name that nobody writes into, and goes on where it was interrupted', async () => {
    await exported({ hardLinks: true });
    const [[path, sha256] = ['', '']] = await told();
    const stored = storedPath(join(home.directory, 'files'), sha256);
    const names = [stored, join(directory, path)];
    const [one, two] = await Promise.all(names.map((name) => stat(name)));
    expect([one?.ino, one?.mode]).toEqual([two?.ino, two?.mode]);
    expect((one?.mode ?? 0) & 0o222).toBe(0);

    // As one is left that was killed before it wrote down what it had done.
    const head = JSON.stringify({ source: app.context.uuid });
    await rm(join(directory, 'dataindex.json'));
    await writeFile(join(directory, '.unfinished.jsonl'), `${head}\n`);
    await exported();

    expect((await stat(join(directory, path))).ino).not.toBe(one?.ino);
    expect(digest(await readFile(stored))).toBe(sha256);
    expect((await readdir(directory)).toSorted()).toEqual(['ada', 'dataindex.json']);
  });

  test('ends where a stored file is missing, and says what to do', async () => {
    await exported();
    const [[, sha256] = ['', '']] = await told();
    await rm(directory, { recursive: true });
    await rm(storedPath(join(home.directory, 'files'), sha256));

    await expect(exported()).rejects.toMatchObject({
      kind: { code: 'kernel.file-missing' },
      message: `the stored file ${sha256} cannot be read`,
    });
  });
});
