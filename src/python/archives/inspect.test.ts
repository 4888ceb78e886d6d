import { expect, test } from 'vitest';
import { brokenRule, inspectBytes } from '#test/archive-file.ts';
import { sdist, tar, wheel, wheelFilename, zip } from '#test/archives.ts';
import { inspectArchive } from './inspect.ts';
import { ArchiveRejected } from '../archive-rejected.ts';

test.each([
  ['demo-1.0.win32.exe', Buffer.from('MZ...'), 'exe'],
  ['demo-1.0.win32.msi', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), 'msi'],
  ['demo-1.0-1.noarch.rpm', Buffer.from([0xed, 0xab, 0xee, 0xdb]), 'rpm'],
  ['demo_1.0-1_all.deb', Buffer.from('!<arch>\ndebian-binary'), 'deb'],
  ['demo-1.0-py3.9.egg', zip([{ name: 'a', data: 'x' }]), 'egg'],
  ['demo-1.0.dmg', Buffer.concat([Buffer.alloc(1000), Buffer.from('koly'), Buffer.alloc(508)]), 'dmg'],
  ['demo-1.0.tar.bz2', Buffer.from('BZh91AY'), 'sdist'],
  ['demo-1.0.linux-x86_64.tar.gz', sdist(), 'bdist'],
])('%s is known by its first bytes', async (filename, bytes, kind) => {
  expect(await inspectBytes(filename, bytes)).toMatchObject({ kind, project: 'demo', version: '1.0' });
  expect(await brokenRule(filename, Buffer.from('something else'))).toBe('archive.magic');
});

test.each([
  ['demo-1.0.tar.gz', wheel()],
  ['demo-1.0.tar.gz', tar([])],
  [wheelFilename(), sdist()],
  ['demo-1.0.zip', Buffer.alloc(0)],
])('%s with other content is rejected', async (filename, bytes) => {
  expect(await brokenRule(filename, bytes)).toBe('archive.magic');
});

const unreadable = {
  size: 100,
  read: async () => {
    throw new Error('the disk fails');
  },
};

test('a bad file name is rejected before the file is read', async () => {
  await expect(inspectArchive(unreadable, '../demo-1.0.tar.gz')).rejects.toMatchObject({
    rule: 'archive.filename',
    message: "'../demo-1.0.tar.gz' is not a valid archive name",
  });
});

test('a file that cannot be read is no fault of the archive', async () => {
  await expect(inspectArchive(unreadable, 'demo-1.0.tar.gz')).rejects.toThrow('the disk fails');
});

test.each(['a\r\nX-Evil: 1', 'a\u{1f600}\u202e', 'a'.repeat(5000), '\x1b[31m'])(
  'a message with %j fits in a reason phrase',
  (name) => {
    const { message } = new ArchiveRejected('x', `member '${name}' is bad`);

    expect(message).toMatch(/^[\x20-\x7e\xa0-\xff]{1,300}$/);
  },
);

test('aborting ends the inspection with the reason', async () => {
  const reason = new Error('the client went away');

  await expect(inspectBytes(wheelFilename(), wheel(), { signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
});

test('aborting in the middle of large data ends the inspection', async () => {
  const bytes = wheel({ files: { data: Buffer.alloc(60_000_000) } });
  const abort = new AbortController();
  const reason = new Error('enough');
  setTimeout(() => abort.abort(reason), 5);

  const inspection = inspectBytes(wheelFilename(), bytes, { signal: abort.signal });

  await expect(inspection).rejects.toBe(reason);
});
