import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { silentProgress } from '#kernel/progress.ts';
import { testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { metadataText, tar, wheel, wheelFilename, type TarMember } from '#test/archives.ts';
import { databases } from '#test/databases.ts';
import { findIndex } from '../../indexes/store.ts';
import { fileRelpath, type BundleManifest } from '../../contract.ts';
import { importBundle } from './import-bundle.ts';
import { verifyBundle } from './read-bundle.ts';
import { findMirrorProject } from '../store.ts';

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

const filename = wheelFilename();
const bytes = wheel();
const metadata = metadataText();
const path = fileRelpath(sha256(bytes), filename);

interface Bundle {
  manifest: BundleManifest;
  members: TarMember[];
}

/** The page of a project as a server of the connected side serves it. */
function pageOf(project: string, changes: Record<string, unknown> = {}): string {
  const file = {
    filename,
    url: `../../${path}`,
    hashes: { sha256: sha256(bytes) },
    'requires-python': '>=3.9',
    'core-metadata': true,
    yanked: 'why not',
    ...changes,
  };
  const other = { filename: wheelFilename({ version: '2.0' }), url: '../../+f/x', hashes: {} };
  return JSON.stringify({
    meta: { 'api-version': '1.4' },
    name: project,
    versions: ['1.0', '2.0'],
    files: [file, other],
  });
}

/** A sound bundle with one wheel and its sidecar, to be spoilt. */
function makeBundle(page = pageOf('demo')): Bundle {
  const manifest: BundleManifest = {
    format: 'wheelhouse-bundle',
    version: 1,
    created: '2024-01-01T00:00:00.000Z',
    index: 'root/pypi',
    pages: [{ project: 'demo', sha256: sha256(page), size: Buffer.byteLength(page) }],
    files: [
      {
        project: 'demo',
        filename,
        relpath: path,
        sha256: sha256(bytes),
        size: bytes.length,
        sidecar: { sha256: sha256(metadata), size: Buffer.byteLength(metadata) },
      },
    ],
  };
  const members = [
    { name: 'pages/demo.json', data: page },
    { name: `files/${path}`, data: bytes },
    { name: `files/${path}.metadata`, data: metadata },
  ];
  return { manifest, members };
}

function pack({ manifest, members }: Bundle): Buffer {
  return tar([{ name: 'manifest.json', data: JSON.stringify(manifest) }, ...members]);
}

describe.each(databases)('bundles on %s', (database) => {
  let app: TestApp;
  let count = 0;

  beforeAll(async () => {
    app = await testApp({ database, settings: { offline: true } });
  });
  afterAll(async () => {
    await app.close();
  });

  async function mirror(options: Record<string, unknown> = {}): Promise<TestIndex> {
    return await app.index({
      type: 'mirror',
      mirror_url: 'https://user:secret@upstream.invalid/simple',
      ...options,
    });
  }

  async function write(content: Buffer): Promise<string> {
    const target = join(app.serverdir, `bundle-${(count += 1)}.tar`);
    await writeFile(target, content);
    return target;
  }

  async function bring(index: TestIndex, content: Buffer, digest?: string) {
    const input = { path: await write(content), user: index.user.name, index: index.name };
    return await importBundle(
      app.context,
      { ...input, ...(digest !== undefined && { sha256: digest }) },
      silentProgress,
    );
  }

  /** What a bad bundle must leave alone. */
  async function state() {
    const { rows, files } = await app.contents();
    return {
      rows,
      // Empty directories do no harm.
      files: files.filter((name) => name.length > 40),
      serial: await app.storedSerial(),
    };
  }

  async function indexRow(index: TestIndex) {
    return (await findIndex(app.context.db, index.user.name, index.name))!;
  }

  it('puts files, sidecars and what the page says of them into a mirror', async () => {
    const index = await mirror();

    const imported = await bring(index, pack(makeBundle()));

    expect(imported).toMatchObject({
      index: index.full,
      projects: 1,
      files: 1,
      bytes: bytes.length + Buffer.byteLength(metadata),
    });
    expect(await app.eventsWithData()).toMatchObject([
      {
        type: 'packages.bundle-imported',
        actor: null,
        data: { index: index.full, project: 'demo', files: 1 },
      },
    ]);
    expect(await app.page(index)).toMatchObject({
      name: 'demo',
      versions: ['1.0'],
      files: [
        {
          filename,
          hashes: { sha256: sha256(bytes) },
          size: bytes.length,
          'requires-python': '>=3.9',
          'core-metadata': { sha256: sha256(metadata) },
          yanked: 'why not',
        },
      ],
    });
    const served = await app.filePath(index, filename);
    expect((await app.get(served)).bytes).toEqual(bytes);
    expect((await app.get(`${served}.metadata`)).text).toBe(metadata);
  });

  it('keeps what is known, and lets it count as old', async () => {
    const index = await mirror();
    const second = wheel({ version: '2.0' });
    const secondName = wheelFilename({ version: '2.0' });
    const page = JSON.stringify({ files: [{ filename: secondName, url: 'x', hashes: {} }] });
    const digest = sha256(second);
    const relpath = fileRelpath(digest, secondName);
    const other: Bundle = makeBundle(page);
    const file = { project: 'demo', filename: secondName, relpath, sha256: digest, size: second.length };
    await bring(index, pack(makeBundle()));

    await bring(
      index,
      pack({
        manifest: { ...other.manifest, files: [file] },
        members: [other.members[0]!, { name: `files/${relpath}`, data: second }],
      }),
    );
    await bring(index, pack(makeBundle()));

    await app.events();
    expect((await app.filenames(index)).toSorted()).toEqual([filename, secondName].toSorted());
    expect(await findMirrorProject(app.context.db, await indexRow(index), 'demo')).toMatchObject({
      etag: null,
      expiresAt: 0,
    });
  });

  it('serves no sidecar that did not come along', async () => {
    const index = await mirror();
    const { manifest, members } = makeBundle();
    const [{ sidecar: _, ...file } = manifest.files[0]!] = manifest.files;

    await bring(index, pack({ manifest: { ...manifest, files: [file] }, members: members.slice(0, 2) }));

    await app.events();
    expect(await app.page(index)).toMatchObject({ files: [{ 'core-metadata': false }] });
  });

  test.each<[says: string, spoil: (bundle: Bundle) => Buffer, message: string | RegExp]>([
    [
      'bytes that are not those of the manifest',
      (b) => pack(withMember(b, 1, { data: Buffer.alloc(bytes.length) })),
      `files/${path} has the sha256`,
    ],
    [
      'a sidecar that is not that of the manifest',
      (b) => pack(withMember(b, 2, { data: 'x'.repeat(metadata.length) })),
      `files/${path}.metadata has the sha256`,
    ],
    [
      'a page that is not that of the manifest',
      (b) => pack(withMember(b, 0, { data: pageOf('demo', { size: 1 }).padEnd(200) })),
      /^pages\/demo\.json has/,
    ],
    [
      'another size than that of the manifest',
      (b) => pack(withMember(b, 1, { data: Buffer.concat([bytes, bytes]) })),
      `files/${path} has ${2 * bytes.length} bytes, but the manifest says ${bytes.length}`,
    ],
    [
      'a header that promises more than there is',
      (b) => pack(withMember(b, 2, { size: 10_000_000 })),
      /has 10000000 bytes, but/,
    ],
    [
      'a symbolic link',
      (b) => pack(withMember(b, 1, { type: '2', target: '/etc/passwd', data: '' })),
      `files/${path} is a symlink, not a file`,
    ],
    [
      'a hard link',
      (b) => pack(withMember(b, 1, { type: '1', target: 'manifest.json', data: '' })),
      `files/${path} is a link, not a file`,
    ],
    [
      'a name that leads elsewhere',
      (b) => pack({ ...b, members: [...b.members, { name: '../../etc/cron.d/x', data: '' }] }),
      '../../etc/cron.d/x is not in the manifest, or comes twice',
    ],
    [
      'an entry twice',
      (b) => pack({ ...b, members: [...b.members, b.members[1]!] }),
      `files/${path} is not in the manifest, or comes twice`,
    ],
    [
      'no sidecar where one is announced',
      (b) => pack({ ...b, members: b.members.slice(0, 2) }),
      `files/${path}.metadata is missing`,
    ],
    ['no page', (b) => pack({ ...b, members: b.members.slice(1) }), 'pages/demo.json is missing'],
    ['no manifest', (b) => tar(b.members), 'pages/demo.json comes before manifest.json'],
    ['nothing', () => tar([]), /has no manifest\.json$/],
    [
      'a manifest that is no JSON',
      () => tar([{ name: 'manifest.json', data: '{' }]),
      'manifest.json is no JSON',
    ],
    [
      'a manifest of another version',
      (b) => pack({ ...b, manifest: { ...b.manifest, version: 2 as 1 } }),
      'manifest.json version: must be 1',
    ],
    [
      'a manifest with more than it may have',
      (b) => pack({ ...b, manifest: { ...b.manifest, post: 'rm -rf' } as BundleManifest }),
      /^manifest\.json the whole: /,
    ],
    [
      'a project name that is none',
      (b) => pack(withFile(b, { project: '../demo' })),
      'manifest.json files.0.project: must be a normalized project name',
    ],
    [
      'a path that leads elsewhere',
      (b) => pack(withFile(b, { relpath: '../../../x' })),
      'files/../../../x does not fit its hash and its name',
    ],
    [
      'a file of a project without a page',
      (b) => pack(withFile(b, { project: 'other' })),
      `files/${path} has no page of other`,
    ],
    [
      'the same file twice in the manifest',
      (b) => pack({ ...b, manifest: { ...b.manifest, files: [...b.manifest.files, ...b.manifest.files] } }),
      `manifest.json lists ${filename} twice`,
    ],
    [
      'a page that does not list the file',
      () => pack(makeBundle(JSON.stringify({ files: [] }))),
      `pages/demo.json has no acceptable entry for ${filename}`,
    ],
    [
      'a page with an entry that upstream could not have either',
      () => pack(makeBundle(pageOf('demo', { url: 'javascript:alert(1)' }))),
      `pages/demo.json has no acceptable entry for ${filename}`,
    ],
    [
      'a page with another hash',
      () => pack(makeBundle(pageOf('demo', { hashes: { sha256: 'e'.repeat(64) } }))),
      `files/${path} has another sha256 on its page`,
    ],
    ['a page in HTML', () => pack(makeBundle('<a href="x">x</a>')), 'pages/demo.json is no JSON page'],
    ['a cut', (b) => pack(b).subarray(0, 2500), /is cut off or no tar file: Unexpected end of data$/],
    ['noise', () => Buffer.from('never a tar archive '.repeat(100)), /is cut off or no tar file/],
  ])('refuses %s, and leaves nothing behind', async (_says, spoil, message) => {
    const index = await mirror();
    const before = await state();
    const content = spoil(makeBundle());

    const failing = bring(index, content);

    await expect(failing).rejects.toThrow(message);
    await expect(failing).rejects.toMatchObject({ kind: { code: 'packages.invalid-bundle' } });
    expect(await state()).toEqual(before);
    expect(await findMirrorProject(app.context.db, await indexRow(index), 'demo')).toBeUndefined();
    await expect(verifyBundle(await write(content), silentProgress)).rejects.toThrow(message);
  });

  it('refuses what contradicts a file that is known, naming it', async () => {
    const index = await mirror();
    await bring(index, pack(makeBundle()));
    const forged = wheel({ files: { 'demo/evil.py': 'x' } });
    const relpath = fileRelpath(sha256(forged), filename);
    const page = pageOf('demo', { hashes: { sha256: sha256(forged) }, 'core-metadata': false });
    const { manifest, members } = makeBundle(page);
    const file = { project: 'demo', filename, relpath, sha256: sha256(forged), size: forged.length };
    await app.events();
    const before = await state();

    const failing = bring(
      index,
      pack({
        manifest: { ...manifest, files: [file] },
        members: [members[0]!, { name: `files/${relpath}`, data: forged }],
      }),
    );

    await expect(failing).rejects.toThrow(
      `${filename} is known on ${index.full} with the sha256 ${sha256(bytes)}`,
    );
    expect(await state()).toEqual(before);
  });

  it('refuses reserved names, stages, and a bundle of another digest', async () => {
    const reserved = await mirror({ mirror_reserved_names: ['demo'] });
    const stage = await app.index();
    const content = pack(makeBundle());

    await expect(bring(reserved, content)).rejects.toThrow('demo is reserved on');
    await expect(bring(stage, content)).rejects.toThrow(`${stage.full} is a stage`);
    await expect(bring(await mirror(), content, 'e'.repeat(64))).rejects.toThrow(
      `the bundle has the sha256 ${sha256(content)}, not eee`,
    );
    await app.events();
  });
});

function withMember({ manifest, members }: Bundle, at: number, change: Partial<TarMember>): Bundle {
  return {
    manifest,
    members: members.map((member, position) => (position === at ? { ...member, ...change } : member)),
  };
}

function withFile({ manifest, members }: Bundle, change: Partial<BundleManifest['files'][number]>): Bundle {
  return {
    manifest: { ...manifest, files: manifest.files.map((file) => ({ ...file, ...change })) },
    members,
  };
}
