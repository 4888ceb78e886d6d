import { fromBuffer } from 'yauzl';
import { describe, expect, test } from 'vitest';
import { ruleOf, withZip } from '#test/archive-file.ts';
import { zip, type ZipEnd, type ZipMember } from '#test/archives.ts';
import { findCollisions } from './zip.ts';

const LONG = 'some text that is worth deflating '.repeat(10);
const LARGE = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * index) % 251));

async function rule(members: readonly ZipMember[], end?: ZipEnd): Promise<string | undefined> {
  return ruleOf(readAll(zip(members, end)));
}

async function readAll(bytes: Buffer): Promise<Record<string, Buffer>> {
  return withZip(bytes, async ({ entries, readEntry }) => {
    const contents: Record<string, Buffer> = {};
    for (const entry of entries) contents[entry.name] = await readEntry(entry, 1024 ** 2);
    return contents;
  });
}

describe('a good archive', () => {
  test.each<[string, ZipMember]>([
    ['stored', { name: 'a', data: 'short' }],
    ['deflated', { name: 'a', data: LONG }],
    ['large', { name: 'a', data: LARGE }],
    ['empty', { name: 'a', data: '' }],
    ['empty and deflated', { name: 'a', data: '', method: 'deflate' }],
    ['with a name beyond ASCII', { name: 'ä/ö', data: 'x' }],
    ['with a data descriptor', { name: 'a', data: LONG, descriptor: true }],
    ['with a data descriptor without signature', { name: 'a', data: LONG, descriptor: 'unsigned' }],
    ['with a zip64 data descriptor', { name: 'a', data: LONG, descriptor: 'zip64' }],
    [
      'with an unknown extra field',
      { name: 'a', data: LONG, both: { extra: Buffer.from([0x99, 0x99, 1, 0, 7]) } },
    ],
    ['without a mode', { name: 'a', data: LONG, mode: 0 }],
  ])('may have a member that is %s', async (_title, member) => {
    const before = { name: 'before', data: LONG };
    const bytes = zip([before, member, { name: 'after/', data: '' }]);

    const contents = await readAll(bytes);

    expect(contents[String(member.name)]).toEqual(Buffer.from(member.data ?? ''));
  });

  test('may be zip64', async () => {
    const sizes = Buffer.alloc(20);
    sizes.writeUInt16LE(1, 0);
    sizes.writeUInt16LE(16, 2);
    sizes.writeBigUInt64LE(3n, 4);
    sizes.writeBigUInt64LE(3n, 12);
    const large = { extra: sizes, bytes: 0xffffffff, compressedBytes: 0xffffffff };

    const contents = await readAll(zip([{ name: 'a', data: 'abc', both: large }], { zip64: true }));

    expect(contents).toEqual({ a: Buffer.from('abc') });
  });

  test('may be empty', async () => {
    expect(await readAll(zip([]))).toEqual({});
  });

  test('is read by another reader in the same way', async () => {
    const bytes = zip([
      { name: 'a', data: LONG },
      { name: 'd/', data: '' },
      { name: 'd/ü', data: 'x', descriptor: true },
    ]);

    const names = await new Promise<string[]>((resolve, reject) => {
      const found: string[] = [];
      fromBuffer(bytes, { lazyEntries: false }, (error, file) => {
        if (error) return reject(error);
        file.on('entry', ({ fileName }) => found.push(fileName));
        file.on('end', () => resolve(found));
        file.on('error', reject);
      });
    });

    expect(Object.keys(await readAll(bytes))).toEqual(names);
  });

  test('gives the hash of an entry', async () => {
    const digest = await withZip(zip([{ name: 'a', data: LARGE }]), async ({ entries: [entry], hashEntry }) =>
      entry ? hashEntry(entry, 'sha512') : undefined,
    );

    expect(digest?.length).toBe(64);
  });
});

describe('an archive that two readers could read differently is rejected', () => {
  const a = { name: 'a', data: LONG };
  const b = { name: 'b', data: LONG };
  const field = (id: number, data: string | Buffer): Buffer => {
    const header = Buffer.alloc(4);
    header.writeUInt16LE(id, 0);
    header.writeUInt16LE(Buffer.byteLength(data), 2);
    return Buffer.concat([header, Buffer.from(data)]);
  };

  test.each<[string, readonly ZipMember[], ZipEnd]>([
    ['zip.second-end-record', [a], { comment: 'hello' }],
    ['zip.no-end-record', [a], { suffix: Buffer.from('x') }],
    ['zip.no-end-record', [a], { suffix: Buffer.alloc(70_000) }],
    ['zip.second-end-record', [a], { comment: zip([b]).toString('latin1') }],
    ['zip.directory-position', [a], { prefix: Buffer.from('#!/bin/sh\n'), directoryOffset: 0 }],
    ['zip.gap', [a], { prefix: Buffer.from('#!/bin/sh\n') }],
    ['zip.gap', [a, { ...b, gap: Buffer.from('hidden') }], {}],
    ['zip.gap', [], { prefix: zip([a]) }],
    ['zip.directory-size', [a, b], { count: 1 }],
    ['zip.directory-size', [a], { count: 2 }],
    ['zip.directory-position', [a], { directoryBytes: 10 }],
    ['zip.zip64-mismatch', [a, b], { zip64: true, count: 1 }],
    ['zip.zip64-mismatch', [a, b], { zip64: true, zip64Count: 1 }],
    ['zip.duplicate', [a, a], {}],
    ['zip.duplicate', [a, { name: 'a/' }], {}],
    ['zip.file-as-directory', [a, { name: 'a/b/c' }], {}],
    ['zip.overlap', [a, { ...b, central: { offset: 0 } }], {}],
    ['zip.comment', [{ ...a, central: { comment: 'x' } }], {}],
    ['zip.local-header-mismatch', [{ ...a, local: { name: 'b' } }], {}],
    ['zip.local-header-mismatch', [{ ...a, local: { method: 0 } }], {}],
    ['zip.local-header-mismatch', [{ ...a, local: { bytes: 1 } }], {}],
    ['zip.local-header-mismatch', [{ ...a, local: { compressedBytes: 1 } }], {}],
    ['zip.local-header-mismatch', [{ ...a, local: { crc: 1 } }], {}],
    ['zip.local-header-mismatch', [{ ...a, local: { flags: 0x800 } }], {}],
    ['zip.local-header-mismatch', [{ ...a, descriptor: true, local: { bytes: 7 } }], {}],
    ['zip.data-descriptor', [{ ...a, both: { flags: 0x08 } }], {}],
    [
      'zip.duplicate-extra-field',
      [{ ...a, both: { extra: Buffer.concat([field(1, ''), field(1, '')]) } }],
      {},
    ],
    [
      'zip.duplicate-extra-field',
      [{ ...a, local: { extra: Buffer.concat([field(0x7075, '.....a'), field(0x7075, '.....a')]) } }],
      {},
    ],
    ['zip.unicode-path', [{ ...a, central: { extra: field(0x7075, '.....b') } }], {}],
    ['zip.extra-field', [{ ...a, both: { extra: Buffer.from([1, 2, 3]) } }], {}],
    ['zip.extra-field', [{ ...a, local: { extra: Buffer.from([9, 9, 9, 9]) } }], {}],
    ['zip.zip64-field', [{ ...a, both: { extra: field(1, 'x'), bytes: 0xffffffff } }], {}],
  ])('%s (case %#)', async (expected, members, end) => {
    expect(await rule(members, end)).toBe(expected);
  });
});

describe('a member that is unsafe to unpack is rejected', () => {
  const a = { name: 'a', data: LONG };

  test.each<[string, ZipMember]>([
    ['member.unsafe-name', { name: '../a' }],
    ['member.unsafe-name', { name: 'a/../../b' }],
    ['member.unsafe-name', { name: '/etc/passwd' }],
    ['member.unsafe-name', { name: 'C:/a' }],
    ['member.unsafe-name', { name: 'a\\b' }],
    ['member.unsafe-name', { name: 'a\nb' }],
    ['member.unsafe-name', { name: 'a\0b' }],
    ['member.unsafe-name', { name: 'a//b' }],
    ['member.unsafe-name', { name: './a' }],
    ['member.unsafe-name', { name: 'a/'.repeat(100) + 'b' }],
    ['member.empty-name', { name: '' }],
    ['member.long-name', { name: 'a'.repeat(2000) }],
    ['member.name-encoding', { name: Buffer.from([0xff, 0xfe]) }],
    ['member.name-encoding', { name: 'ä', both: { flags: 0 } }],
    ['zip.symbolic-link', { ...a, mode: 0o120777 }],
    ['zip.special-file', { ...a, mode: 0o020666 }],
    ['zip.special-file', { ...a, mode: 0o040755 }],
    ['zip.encrypted', { ...a, both: { flags: 1 } }],
    ['zip.method', { ...a, both: { method: 93 } }],
    ['zip.method', { ...a, both: { method: 12 } }],
    ['zip.version', { ...a, central: { version: 64 } }],
    ['zip.directory-with-data', { name: 'd/', data: 'x' }],
  ])('%s (case %#)', async (expected, member) => {
    expect(await rule([member])).toBe(expected);
  });
});

describe('data that is not what the headers say is rejected', () => {
  test.each<[string, ZipMember]>([
    ['zip.checksum', { name: 'a', data: LONG, both: { crc: 1 } }],
    ['zip.checksum', { name: 'a', data: 'short', both: { crc: 1 } }],
    ['archive.size-mismatch', { name: 'a', data: LONG, both: { bytes: 10 } }],
    ['archive.size-mismatch', { name: 'a', data: LONG, both: { bytes: 10_000 } }],
    ['archive.size-mismatch', { name: 'a', data: LARGE, both: { bytes: 200_000 } }],
    ['zip.stored-size', { name: 'a', data: 'short', both: { bytes: 4 } }],
    [
      'zip.deflate',
      { name: 'a', data: LONG, rawData: Buffer.from('not deflated at all'), method: 'deflate' },
    ],
    ['zip.deflate-truncated', { name: 'a', data: '', rawData: Buffer.from([0x4b]), method: 'deflate' }],
    [
      'zip.deflate-trailing-data',
      { name: 'a', data: '', rawData: Buffer.from([3, 0, 1, 2, 3]), method: 'deflate' },
    ],
  ])('%s (case %#)', async (expected, member) => {
    expect(await rule([member])).toBe(expected);
  });
});

describe('limits', () => {
  const limits = {
    maxEntries: 3,
    maxTotalBytes: 2_000_000,
    maxRatio: 10,
    ratioFreeBytes: 100_000,
    maxNameBytes: 1000,
  };

  test.each<[string, readonly ZipMember[]]>([
    ['archive.too-many-entries', ['a', 'b', 'c', 'd'].map((name) => ({ name }))],
    ['archive.ratio', [{ name: 'a', data: Buffer.alloc(200_000) }]],
    ['archive.too-large', [{ name: 'a', both: { bytes: 3_000_000 }, method: 'deflate' }]],
  ])('%s', async (expected, members) => {
    expect(await ruleOf(withZip(zip(members), async () => undefined, { limits }))).toBe(expected);
  });

  test('a member is not read when it is larger than asked for', async () => {
    const read = withZip(
      zip([{ name: 'a', data: LARGE }]),
      async ({ entries: [entry], readEntry }) => entry && readEntry(entry, 1000),
    );

    expect(await ruleOf(read)).toBe('archive.member-too-large');
  });
});

test('names that differ only in case or composition are paired', () => {
  expect(findCollisions(['a/B', 'c', 'A/b', 'C', 'd', '\u00e9', 'e\u0301'])).toEqual([
    { names: ['a/B', 'A/b'], differsIn: 'case' },
    { names: ['c', 'C'], differsIn: 'case' },
    { names: ['\u00e9', 'e\u0301'], differsIn: 'unicode' },
  ]);
});
