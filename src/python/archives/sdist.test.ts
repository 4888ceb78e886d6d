import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { brokenRule, inspectBytes } from '#test/archive-file.ts';
import {
  metadataText,
  sdist,
  sdistFilename,
  tar,
  TAR_END,
  zip,
  type SdistOptions,
  type TarMember,
} from '#test/archives.ts';

const PKG_INFO = { name: 'demo-1.0/PKG-INFO', data: metadataText() };

async function rule(members: readonly TarMember[], end?: Buffer): Promise<string | undefined> {
  return brokenRule('demo-1.0.tar.gz', gzipSync(tar(members, end)));
}

test.each<SdistOptions>([
  {},
  { format: 'zip' },
  { format: 'tgz' },
  { name: 'My.Pkg', version: '1.0+local' },
  { metadata: { 'Metadata-Version': '2.4', 'License-File': 'LICENSE' }, files: { LICENSE: 'MIT' } },
])('an sdist gives its metadata: %j', async (options) => {
  const inspected = await inspectBytes(sdistFilename(options), sdist(options));

  expect(inspected).toMatchObject({ kind: 'sdist', version: options.version ?? '1.0', findings: [] });
  expect(inspected.metadata?.name).toBe(options.name ?? 'demo');
  expect(inspected.metadataBytes).toBeUndefined();
});

test('a legacy name with hyphens is split by the expected project', async () => {
  const bytes = sdist({ name: 'my-pkg', top: 'my-pkg-1.0' });

  const inspected = await inspectBytes('my-pkg-1.0.tar.gz', bytes, { expectedProject: 'My_Pkg' });

  expect(inspected.project).toBe('my-pkg');
});

describe('an sdist must be what its file name says', () => {
  test.each<[string, SdistOptions, string?]>([
    ['sdist.top-directory', { top: 'other-1.0' }],
    ['sdist.top-directory', { top: 'demo' }],
    ['sdist.top-directory', {}, 'demo-1.1.tar.gz'],
    ['sdist.top-directory', { format: 'zip', top: 'demo-1.1' }],
    ['sdist.no-pkg-info', { files: { 'PKG-INFO': undefined } }],
    ['sdist.no-pkg-info', { format: 'zip', files: { 'PKG-INFO': undefined } }],
    ['metadata.name-mismatch', { metadata: { Name: 'other' } }],
    ['metadata.version-mismatch', { metadata: { Version: '2' } }],
    ['sdist.missing-license', { metadata: { 'Metadata-Version': '2.4', 'License-File': 'LICENSE' } }],
  ])('%s (case %#)', async (expected, options, filename) => {
    expect(await brokenRule(filename ?? sdistFilename(options), sdist(options))).toBe(expected);
  });

  test.each<[string, readonly TarMember[]]>([
    ['sdist.top-directory', [PKG_INFO, { name: 'other/file' }]],
    ['sdist.top-directory', [PKG_INFO, { name: 'file' }]],
    ['sdist.duplicate-pkg-info', [PKG_INFO, PKG_INFO]],
    ['sdist.empty', []],
  ])('%s (tar case %#)', async (expected, members) => {
    expect(await rule(members)).toBe(expected);
  });

  test('every file of a zip is read', async () => {
    const bytes = zip([PKG_INFO, { name: 'demo-1.0/a', data: 'abc', both: { crc: 1 } }]);

    expect(await brokenRule('demo-1.0.zip', bytes)).toBe('zip.checksum');
  });
});

const LONG_NAME = `demo-1.0/${'directory/'.repeat(20)}file`;

describe('a tar archive may have', () => {
  test.each<[string, readonly TarMember[]]>([
    ['directories', [{ name: 'demo-1.0/', type: '5' }, PKG_INFO]],
    [
      'names that start with ./',
      [
        { name: './', type: '5' },
        { name: './demo-1.0/', type: '5' },
        { ...PKG_INFO, name: './demo-1.0/PKG-INFO' },
      ],
    ],
    ['V7 headers', [{ ...PKG_INFO, magic: '\0\0\0\0\0\0\0\0' }]],
    ['GNU headers', [{ ...PKG_INFO, magic: 'ustar  \0' }]],
    ['a name in two parts', [PKG_INFO, { name: 'file', prefix: 'demo-1.0/sub' }]],
    ['a long pax name', [PKG_INFO, { name: 'short', pax: { path: LONG_NAME, mtime: '1.5' } }]],
    [
      'a long GNU name',
      [PKG_INFO, { name: '././@LongLink', type: 'L', data: `${LONG_NAME}\0` }, { name: 'short' }],
    ],
    [
      'a comment for all members',
      [{ name: 'pax_global_header', type: 'g', data: '17 comment=abcde\n' }, PKG_INFO],
    ],
    ['a size in a pax header', [PKG_INFO, { name: 'demo-1.0/a', data: 'abc', pax: { size: '3' } }]],
    ['links inside the tree', [PKG_INFO, { name: 'demo-1.0/docs/info', type: '2', target: '../PKG-INFO' }]],
    [
      'links to links',
      [
        PKG_INFO,
        { name: 'demo-1.0/a', type: '2', target: 'b' },
        { name: 'demo-1.0/b', type: '2', target: 'PKG-INFO' },
      ],
    ],
    ['hard links', [PKG_INFO, { name: 'demo-1.0/a', type: '1', target: 'demo-1.0/PKG-INFO' }]],
  ])('%s', async (_title, members) => {
    expect(await rule(members)).toBeUndefined();
  });

  test('doubles, which are a finding', async () => {
    const twice = { name: 'demo-1.0/a' };

    const { findings } = await inspectBytes('demo-1.0.tar.gz', gzipSync(tar([PKG_INFO, twice, twice])));

    expect(findings).toEqual(["'demo-1.0/a' is in the archive twice"]);
  });
});

describe('a tar archive is rejected for', () => {
  const link = (name: string, target: string): TarMember => ({ name: `demo-1.0/${name}`, type: '2', target });

  test.each<[string, readonly TarMember[]]>([
    ['member.unsafe-name', [PKG_INFO, { name: 'demo-1.0/../../a' }]],
    ['member.unsafe-name', [PKG_INFO, { name: '/demo-1.0/a' }]],
    ['member.unsafe-name', [PKG_INFO, { name: 'x', pax: { path: '../a' } }]],
    ['member.unsafe-name', [PKG_INFO, { name: 'demo-1.0\\a' }]],
    ['member.name-encoding', [PKG_INFO, { name: Buffer.from([0x61, 0xff]) }]],
    ['tar.special-file', [PKG_INFO, { name: 'demo-1.0/a', type: '3' }]],
    ['tar.special-file', [PKG_INFO, { name: 'demo-1.0/a', type: '6' }]],
    ['tar.special-file', [PKG_INFO, { name: 'demo-1.0/a', type: 'V' }]],
    ['tar.sparse', [PKG_INFO, { name: 'demo-1.0/a', type: 'S' }]],
    ['tar.sparse', [PKG_INFO, { name: 'demo-1.0/a', pax: { 'GNU.sparse.major': '1' } }]],
    ['tar.link', [PKG_INFO, link('a', '/etc/passwd')]],
    ['tar.link', [PKG_INFO, link('a', '../other')]],
    ['tar.link', [PKG_INFO, link('a', 'b/../../../x')]],
    ['tar.link', [PKG_INFO, link('a', '')]],
    ['tar.link', [PKG_INFO, link('a', 'b'), link('b', 'a')]],
    ['tar.link', [PKG_INFO, link('d/e/f/up', '../../..'), link('d/e/f/out', 'up/..')]],
    ['tar.link', [PKG_INFO, { name: 'demo-1.0/a', type: '1', target: 'demo-1.0/ghost' }]],
    ['tar.link', [PKG_INFO, { name: 'demo-1.0/a', type: '1', target: '../../etc/passwd' }]],
    ['tar.member-below-link', [PKG_INFO, link('a', 'b'), { name: 'demo-1.0/a/file' }]],
    ['tar.size', [PKG_INFO, { name: 'demo-1.0/d/', type: '5', size: 512 }]],
    ['tar.size', [PKG_INFO, { name: 'demo-1.0/a', type: '2', target: 'b', size: 512 }]],
    ['tar.size', [PKG_INFO, { name: 'demo-1.0/a', data: 'abc', pax: { size: '512' } }]],
    ['tar.checksum', [PKG_INFO, { name: 'demo-1.0/a', checksum: 1 }]],
    ['tar.number', [PKG_INFO, { name: 'demo-1.0/a', mode: 'rwxr-xr' }]],
    ['tar.number', [PKG_INFO, { name: 'demo-1.0/a', mode: '644 755' }]],
    ['tar.ambiguous-name', [PKG_INFO, { name: 'a', prefix: 'demo-1.0', magic: 'ustar  \0' }]],
    [
      'tar.ambiguous-name',
      [PKG_INFO, { name: 'L', type: 'L', data: 'demo-1.0/a' }, { name: 'b', pax: { path: 'demo-1.0/b' } }],
    ],
    [
      'tar.ambiguous-name',
      [PKG_INFO, { name: 'L', type: 'L', data: 'x' }, { name: 'L', type: 'L', data: 'y' }, { name: 'b' }],
    ],
    ['tar.global-header', [{ name: 'g', type: 'g', data: '11 path=abc\n'.replace('11', '12') }, PKG_INFO]],
    ['tar.pax', [PKG_INFO, { name: 'x', type: 'x', data: '99 path=abc\n' }, { name: 'b' }]],
    ['tar.pax', [PKG_INFO, { name: 'x', type: 'x', data: '12 path=abc\n12 path=abd\n' }, { name: 'b' }]],
    ['tar.extended-header', [PKG_INFO, { name: 'L', type: 'L', data: 'x' }]],
    ['tar.extended-header', [PKG_INFO, { name: 'L', type: 'L', size: 2 * 1024 ** 2 }]],
    ['archive.truncated', [PKG_INFO, { name: 'demo-1.0/a', size: 10_000 }]],
  ])('%s (case %#)', async (expected, members) => {
    expect(await rule(members)).toBe(expected);
  });

  test.each<[string, Buffer]>([
    ['archive.truncated', Buffer.alloc(0)],
    ['tar.data-after-end', Buffer.concat([TAR_END, tar([{ name: 'hidden' }])])],
    ['tar.data-after-end', Buffer.concat([TAR_END, Buffer.alloc(100_000), Buffer.from('x')])],
  ])('%s at its end (case %#)', async (expected, end) => {
    expect(await rule([PKG_INFO], end)).toBe(expected);
  });
});

describe('a gzip stream is rejected', () => {
  const good = sdist();

  test.each<[string, Buffer]>([
    ['sdist.gzip-trailing-data', Buffer.concat([good, Buffer.from('x')])],
    ['sdist.gzip-trailing-data', Buffer.concat([good, Buffer.alloc(512)])],
    ['sdist.gzip-trailing-data', Buffer.concat([good, good])],
    ['sdist.gzip-truncated', good.subarray(0, -4)],
    ['sdist.gzip-truncated', good.subarray(0, 100)],
    ['sdist.gzip', Buffer.concat([good.subarray(0, 100), Buffer.from('nonsense'), good.subarray(108)])],
  ])('with %s (case %#)', async (expected, bytes) => {
    expect(await brokenRule('demo-1.0.tar.gz', bytes)).toBe(expected);
  });

  test('when it inflates to more than the limits', async () => {
    const bytes = gzipSync(tar([PKG_INFO, { name: 'demo-1.0/a', data: Buffer.alloc(1_000_000) }]));
    const limits = {
      maxEntries: 100,
      maxTotalBytes: 10 ** 9,
      maxRatio: 50,
      ratioFreeBytes: 500_000,
      maxNameBytes: 10_000,
    };

    expect(await brokenRule('demo-1.0.tar.gz', bytes, { limits })).toBe('archive.ratio');
    expect(
      await brokenRule('demo-1.0.tar.gz', bytes, {
        limits: { ...limits, maxRatio: 10_000, maxTotalBytes: 900_000 },
      }),
    ).toBe('archive.too-large');
    expect(
      await brokenRule('demo-1.0.tar.gz', bytes, { limits: { ...limits, maxEntries: 1, maxRatio: 10_000 } }),
    ).toBe('archive.too-many-entries');
  });
});
