import { symlink, writeFile } from 'node:fs/promises';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KernelTables } from '#kernel/db/kernel-tables.ts';
import { findUnfinishedImport, markImport } from '#kernel/db/unfinished-import.ts';
import { silentProgress } from '#kernel/progress.ts';
import { hashPassword } from '../../accounts/passwords/password.ts';
import { testApp, type TestApp } from '#test/app.ts';
import { metadataText, sdist, wheel, wheelFilename } from '#test/archives.ts';
import { databases } from '#test/databases.ts';
import { dumpedFile, writeDump, type TestDump } from '#test/dumps.ts';
import { checkDump, importDump, type ImportDump } from './import-dump.ts';

const stage = { type: 'stage', volatile: true, acl_upload: ['ada'], bases: [] };
const bytes = wheel();
const place = `ada/dev/demo/1.0/${wheelFilename()}`;
const sound: TestDump = {
  users: { root: {}, ada: { username: 'ada', email: 'ada@example.org', created: '2019-02-03T04:05:06Z' } },
  indexes: {
    'ada/dev': {
      indexconfig: stage,
      projects: {
        demo: { '1.0': { name: 'Demo', version: '1.0', summary: 'A demo', requires_python: '>=3.9' } },
      },
      files: [dumpedFile(place, bytes)],
    },
  },
  files: { [place]: bytes },
};

/** The dump with another index instead. */
function withIndex(index: Record<string, unknown>, files: TestDump['files'] = sound.files): TestDump {
  return {
    ...sound,
    indexes: { 'ada/dev': { ...(sound.indexes?.['ada/dev'] as object), ...index } },
    ...(files && { files }),
  };
}

describe.each(databases)('import of a dump on %s', (kind) => {
  let app: TestApp;
  let directory: string;
  beforeEach(async () => {
    app = await testApp({ database: kind });
    directory = join(app.serverdir, 'dump');
  });
  afterEach(() => app.close());

  const imported = async (dump: TestDump, options: Partial<ImportDump> = {}) => {
    await writeDump(directory, dump);
    return await importDump(app.context, { directory, ...options }, silentProgress);
  };
  const json = async (path: string) => (await app.get(path, { accept: 'application/json' })).json();

  test('brings users with passwords, indexes, releases, files, documentation and test results', async () => {
    const tox = JSON.stringify({ testenvs: {} });
    const docs = 'PK\u0005\u0006'.padEnd(22, '\0');
    const [toxPath, docsPath] = [
      `ada/dev/demo/x/${wheelFilename()}.toxresult-20201120064244-0`,
      'ada/dev/demo-1.0.doc.zip',
    ];
    const pwhash = await hashPassword('analytical', 64);
    const result = await imported({
      ...withIndex(
        {
          indexconfig: {
            ...stage,
            title: 'Development',
            acl_read: ['ada', ':ANONYMOUS:'],
            custom_data: { a: [1] },
            of_plugin: 3,
          },
          files: [
            // Files that belong to others may come before these.
            dumpedFile(toxPath, tox, {
              type: 'toxresult',
              for_entrypath: `ada/dev/+f/abc/${wheelFilename()}`,
            }),
            dumpedFile(docsPath, docs, { type: 'doczip', log: undefined }),
            dumpedFile(place, bytes),
          ],
        },
        { [place]: bytes, [toxPath]: tox, [docsPath]: docs },
      ),
      users: {
        ...sound.users,
        ada: { ...(sound.users?.['ada'] as object), pwhash, custom_data: { team: 7 } },
      },
    });

    expect(result).toMatchObject({
      users: 2,
      indexes: 1,
      projects: 1,
      releases: 1,
      files: 1,
      documentation: 1,
      toxResults: 1,
    });
    expect(result.needPasswords).toEqual(['root']);
    expect(result.notes).toEqual(['ada/dev: kept without effect: of_plugin']);
    expect(
      (await app.request('POST', '/+login', { json: { user: 'ada', password: 'analytical' } })).status,
    ).toBe(200);
    expect((await app.request('GET', '/ada', { auth: ['ada', 'analytical'] })).json().result).toMatchObject({
      created: '2019-02-03T04:05:06Z',
      email: 'ada@example.org',
      custom_data: { team: 7 },
      indexes: { dev: { title: 'Development', custom_data: { a: [1] }, of_plugin: 3 } },
    });
    const page = await app.get('/ada/dev/+simple/demo/', { accept: 'application/vnd.pypi.simple.v1+json' });
    expect(page.json().files).toMatchObject([
      {
        filename: wheelFilename(),
        hashes: { sha256: createHash('sha256').update(bytes).digest('hex') },
        'requires-python': '>=3.9',
        'upload-time': expect.stringContaining('2020-11-20T06:42:44'),
        'core-metadata': { sha256: createHash('sha256').update(metadataText()).digest('hex') },
      },
    ]);
    const { result: release } = await json('/ada/dev/demo/1.0');
    expect(release).toMatchObject({ name: 'Demo', summary: 'A demo' });
    expect(release['+links'].find(({ rel }: { rel: string }) => rel === 'releasefile').log).toEqual([
      { what: 'upload', who: 'ada', when: [2020, 11, 20, 6, 42, 44], dst: 'ada/dev' },
    ]);
    expect(await app.eventsWithData()).toMatchObject([
      { type: 'accounts.user-modified' },
      { type: 'accounts.user-created', data: { user: 'ada' } },
      { type: 'packages.index-created', data: { index: 'ada/dev' } },
      { type: 'packages.dump-imported', data: { index: 'ada/dev', projects: 1, files: 1 } },
    ]);
    expect(await findUnfinishedImport(app.context.db)).toBeUndefined();
  });

  test('has its projects found, and forgets what was asked for before', async () => {
    expect((await app.get('/ada/dev/+simple/demo/')).status).toBe(404);

    await imported(sound);

    expect((await app.get('/ada/dev/+simple/demo/')).status).toBe(200);
    const found = await app.get('/+search?q=demo', { accept: 'application/json' });
    expect(found.text).toContain('ada/dev');
    const jobs = app.context.db.withTables<KernelTables>().selectFrom('job').select('name');
    const names = (await jobs.execute()).map(({ name }) => name);
    // One for all projects, however many came.
    expect(names.filter((name) => name.includes('texts'))).toEqual(['packages.read-unread-texts']);
  });

  test('is checked with --dry-run, and nothing changes', async () => {
    const before = await app.contents();
    await writeDump(directory, sound);

    expect(await checkDump(app.context, { directory }, silentProgress)).toMatchObject({ files: 1 });

    expect(await app.contents()).toEqual(before);
  });

  test.each<readonly [string, TestDump, readonly string[]]>([
    ['missing files', { ...sound, files: {} }, [`${place}: is missing`]],
    ['wrong bytes', { ...sound, files: { [place]: 'other' } }, [`${place}: has the sha256 `]],
    [
      'several things at once',
      withIndex({ files: [dumpedFile(place, 'x'), dumpedFile('ada/dev/gone.zip', 'y')] }),
      ['has 2 problems', `${place}: has the sha256`, 'ada/dev/gone.zip: is missing'],
    ],
    [
      'the same file twice',
      withIndex({ files: [dumpedFile(place, bytes), dumpedFile(place, bytes)] }),
      [`${place}: is there twice`],
    ],
    [
      'two files of one name',
      withIndex(
        { files: [dumpedFile(place, bytes), dumpedFile(`b/${wheelFilename()}`, bytes)] },
        { [place]: bytes, [`b/${wheelFilename()}`]: bytes },
      ),
      ['ada/dev has another one like it'],
    ],
    [
      'a path that leads out',
      withIndex({ files: [dumpedFile('../etc/passwd', bytes)] }),
      ['../etc/passwd: leads out of the dump'],
    ],
    [
      'an absolute path',
      withIndex({ files: [dumpedFile('/etc/passwd', bytes)] }),
      ['/etc/passwd: leads out of the dump'],
    ],
    [
      'a file of no project',
      withIndex({ files: [dumpedFile(place, bytes, { projectname: 'other' })] }),
      ['its project other is not among'],
    ],
    [
      'a file of no release',
      withIndex({ files: [dumpedFile(place, bytes, { version: '9' })] }),
      ['its version 9 is not among'],
    ],
    ['a bad name of a user', { ...sound, users: { 'a b': {} } }, ["user a b: username 'a b' contains"]],
    [
      'a bad name of a project',
      withIndex({ projects: { '../x': {} }, files: [] }),
      ['project ../x: no name'],
    ],
    [
      'a bad version',
      withIndex({ projects: { demo: { '1/0': { name: 'demo' } } }, files: [] }),
      ['version 1/0: no version'],
    ],
    [
      'bases in a circle',
      {
        ...sound,
        indexes: {
          'ada/a': { indexconfig: { ...stage, bases: ['ada/b'] } },
          'ada/b': { indexconfig: { ...stage, bases: ['ada/c', 'root/pypi'] } },
          'ada/c': { indexconfig: { ...stage, bases: ['ada/a', 'ada/c'] } },
        },
      },
      ['in a circle: ada/a -> ada/b -> ada/c -> ada/a'],
    ],
    [
      'an unknown type',
      withIndex({ indexconfig: { type: 'constrained' } }),
      ['--skip-import-type constrained'],
    ],
    [
      'a bad option',
      withIndex({ indexconfig: { ...stage, volatile: 'maybe' } }),
      ["ada/dev: Unknown boolean value 'maybe'."],
    ],
    ['another version', { ...sound, top: { dumpversion: '3' } }, ['dumpversion is "3"']],
    [
      'metadata of another project',
      withIndex({ projects: { demo: { '1.0': { name: 'else' } } } }),
      ['its metadata are those of else'],
    ],
    [
      'a test result of no file',
      withIndex({ files: [dumpedFile(place, bytes, { type: 'toxresult', for_entrypath: 'a/b' })] }),
      ['what tox told of b'],
    ],
    [
      'hashes that are none',
      withIndex({ files: [dumpedFile(place, bytes, { entrymapping: { md5: 'xyz' } })] }),
      ['its md5 is none: xyz'],
    ],
  ])('with %s is refused, and nothing changes', async (_what, dump, lines) => {
    const before = await app.contents();

    const refused = await imported(dump).catch((error: unknown) => error as Error);

    expect(refused).toMatchObject({ kind: { code: 'packages.invalid-dump' } });
    for (const line of lines) expect((refused as Error).message).toContain(line);
    expect(await app.contents()).toEqual(before);
    expect(await findUnfinishedImport(app.context.db)).toBeUndefined();
  });

  test('with a link in the place of a file is refused', async () => {
    await writeDump(directory, { ...sound, files: { 'ada/dev/demo/1.0/else': bytes } });
    await symlink(join(directory, 'ada/dev/demo/1.0/else'), join(directory, place));

    await expect(importDump(app.context, { directory }, silentProgress)).rejects.toThrow(
      'is reached through a link',
    );
  });

  test('whose JSON is cut off or has a project twice is refused', async () => {
    await writeDump(directory, sound);
    const project = '"demo": {"1.0": {"name": "demo"}}';
    const indexes = `{"ada/dev": {"indexconfig": {"type": "stage"}, "projects": {${project}, ${project}}}}`;
    await writeFile(
      join(directory, 'dataindex.json'),
      `{"dumpversion": "2", "users": {}, "indexes": ${indexes}}`,
    );
    await expect(importDump(app.context, { directory }, silentProgress)).rejects.toThrow(
      'project demo is there twice',
    );

    await writeFile(
      join(directory, 'dataindex.json'),
      `{"dumpversion": "2", "users": {}, "indexes": {"ada/dev": {`,
    );
    await expect(importDump(app.context, { directory }, silentProgress)).rejects.toThrow('ends at byte 58');
  });

  test('is refused where there is anything already', async () => {
    await app.user('bob');

    await expect(imported(sound)).rejects.toMatchObject({
      kind: { code: 'packages.import-needs-new-server' },
      message: 'the server has the user bob already',
    });
  });

  test('that was interrupted goes on, whatever rows were written', async () => {
    await imported(sound);
    await markImport(app.context.db, directory);

    await imported(sound);

    expect((await json('/ada/dev')).result.projects).toEqual(['demo']);
    expect(await findUnfinishedImport(app.context.db)).toBeUndefined();
  });

  test('takes what old servers wrote', async () => {
    const old = sdist({ name: 'Hello.Pkg', version: '1.2.post3' });
    const filename = 'Hello.Pkg-1.2.post3.tar.gz';
    const md5 = createHash('md5').update(old).digest('hex');
    const result = await imported({
      top: { dumpversion: '1', secret: 'x', uuid: 'y' },
      users: {
        root: { pwsalt: 'a', pwhash: 'b' },
        ada: { pwsalt: 'a', pwhash: '667a21361c2d', obsolete: 1 },
      },
      indexes: {
        'root/pypi': { indexconfig: { type: 'mirror', volatile: false, bases: [], pypi_whitelist: [] } },
        'ada/dev': {
          indexconfig: {
            type: 'stage',
            pypi_whitelist: ['A_b'],
            uploadtrigger_jenkins: null,
            bases: ['ada/dev', 'ada/gone'],
          },
          projects: {
            'Hello.Pkg': {
              '1.2-3': { name: 'Hello.Pkg', summary: null, '+doczip': {}, ':action': 'submit' },
            },
            'hello-pkg': {
              '1.1': { name: 'Hello.Pkg', version: '1.1', keywords: 'UNKNOWN' },
              '': { name: 'hello-pkg' },
            },
          },
          files: [
            {
              type: 'releasefile',
              projectname: 'Hello.Pkg',
              relpath: `ada/dev/Hello.Pkg/${filename}`,
              entrymapping: { md5, size: 7 },
            },
            { type: 'doczip', projectname: 'Hello.Pkg', relpath: 'ada/dev/Hello.Pkg.doc.zip' },
          ],
        },
        'bob/dev': { indexconfig: { type: 'stage' } },
      },
      files: { [`ada/dev/Hello.Pkg/${filename}`]: old, 'ada/dev/Hello.Pkg.doc.zip': 'zip' },
    });

    expect(result.needPasswords).toEqual(['root', 'ada', 'bob']);
    expect(result.notes).toEqual([
      'bases that the dump does not have: ada/gone',
      'user bob is made for the indexes; the dump does not have the user',
      'user ada: not taken: obsolete',
    ]);
    expect(result).toMatchObject({ projects: 1, releases: 2, files: 1, documentation: 1 });
    const { result: index } = await json('/ada/dev');
    expect(index).toMatchObject({
      mirror_whitelist: ['a-b'],
      mirror_whitelist_inheritance: 'union',
      bases: ['ada/dev', 'ada/gone'],
      acl_toxresult_upload: [':ANONYMOUS:'],
      projects: ['hello-pkg'],
    });
    const { result: versions } = await json('/ada/dev/hello-pkg');
    expect(Object.keys(versions).toSorted()).toEqual(['1.1', '1.2-3']);
    expect(versions['1.2-3']).toMatchObject({ name: 'Hello.Pkg', version: '1.2-3', summary: '' });
    expect((await json('/ada')).result.created).toBe('1970-01-01T00:00:00Z');
  });

  test('brings large files, equal bytes of several files, and checks every kind of hash', async () => {
    const large = wheel({ tag: 'cp313-cp313-win32', files: { 'demo/data': randomBytes(5 * 1024 ** 2) } });
    const files = {
      [place]: bytes,
      // The same METADATA, and the same bytes.
      [`ada/dev/demo/1.0/${wheelFilename({ tag: 'cp313-cp313-win32' })}`]: large,
      [`ada/dev/demo/1.0/${wheelFilename({ tag: 'py2-none-any' })}`]: bytes,
    };
    const told = (sha512Of: Buffer) =>
      Object.entries(files).map(([path, content]) =>
        dumpedFile(path, content, {
          entrymapping: {
            hashes: {
              sha512: createHash('sha512')
                .update(content === large ? sha512Of : content)
                .digest('hex'),
            },
          },
        }),
      );

    await expect(imported(withIndex({ files: told(bytes) }, files))).rejects.toThrow('has the sha512');
    await imported(withIndex({ files: told(large) }, files));

    const page = await app.get('/ada/dev/+simple/demo/', { accept: 'application/vnd.pypi.simple.v1+json' });
    const shown = page.json().files as { url: string; filename: string; 'core-metadata': unknown }[];
    expect(shown).toHaveLength(3);
    const metadata = { sha256: createHash('sha256').update(metadataText()).digest('hex') };
    for (const { url, filename, 'core-metadata': sidecar } of shown) {
      const answer = await app.get(new URL(url, `${app.url}/ada/dev/+simple/demo/`).pathname);
      expect(answer.bytes.equals(files[`ada/dev/demo/1.0/${filename}`] as Buffer), filename).toBe(true);
      expect(sidecar).toEqual(metadata);
    }
  });

  test('brings mirrored files, which are served without upstream', async () => {
    const file = `root/pypi/demo/1.0/${wheelFilename()}`;
    await imported({
      users: {},
      indexes: {
        'root/pypi': {
          indexconfig: { type: 'mirror', volatile: false, mirror_url: 'https://index.invalid/simple/' },
          projects: { demo: { '1.0': { name: 'demo', version: '1.0' } } },
          files: [dumpedFile(file, bytes)],
        },
      },
      files: { [file]: bytes },
    });

    const page = await app.get('/root/pypi/+simple/demo/', { accept: 'application/vnd.pypi.simple.v1+json' });
    const [{ url }] = page.json().files;
    const answer = await app.get(new URL(url, `${app.url}/root/pypi/+simple/demo/`).pathname);
    expect(answer.bytes.equals(bytes)).toBe(true);
  });

  test('leaves out the types that it is told to, and root/pypi with --no-root-pypi', async () => {
    const result = await imported(
      {
        ...sound,
        indexes: {
          ...sound.indexes,
          'ada/+pr': { indexconfig: { type: 'pr' } },
          'root/pypi': { indexconfig: { type: 'mirror', title: 'Mine' } },
        },
      },
      { skippedTypes: ['pr'], withoutRootPypi: true },
    );

    expect(result.notes).toEqual(['ada/+pr is left out: indexes of the type pr are skipped']);
    expect((await json('/ada')).result.indexes).toHaveProperty('dev');
    expect((await json('/root')).result.indexes.pypi.title).toBe('PyPI');
  });
});
