import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { expect, test } from 'vitest';
import { tar } from '#test/archives.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { readTar, type TarMember } from './tar.ts';

const LONG_NAME = `demo-1.0/${'directory/'.repeat(20)}file`;

const ARCHIVE = tar([
  { name: 'demo-1.0', type: '5' },
  { name: 'demo-1.0/PKG-INFO', data: 'x'.repeat(2000) },
  { name: 'short', pax: { path: LONG_NAME } },
  { name: '././@LongLink', type: 'L', data: `${LONG_NAME}2\0` },
  { name: 'short' },
  { name: 'file', prefix: 'demo-1.0/sub' },
  { name: 'demo-1.0/link', type: '2', target: 'PKG-INFO' },
]);

test.each([1, 7, 512, 513, 100_000])(
  'members are found when the data comes in pieces of %i bytes',
  async (size) => {
    const members: TarMember[] = [];
    let data: Buffer | undefined;

    await readTar(Readable.from(piecesOf(ARCHIVE, size)), {
      limits: DEFAULT_LIMITS,
      wanted: ({ name }) => (name === 'demo-1.0/PKG-INFO' ? 10_000 : undefined),
      onMember: (member, content) => {
        members.push(member);
        data ??= content;
      },
    });

    expect(members).toEqual([
      { name: 'demo-1.0', kind: 'directory', bytes: 0 },
      { name: 'demo-1.0/PKG-INFO', kind: 'file', bytes: 2000 },
      { name: LONG_NAME, kind: 'file', bytes: 0 },
      { name: `${LONG_NAME}2`, kind: 'file', bytes: 0 },
      { name: 'demo-1.0/sub/file', kind: 'file', bytes: 0 },
      { name: 'demo-1.0/link', kind: 'symbolic-link', bytes: 0, target: 'PKG-INFO' },
    ]);
    expect(data?.toString()).toBe('x'.repeat(2000));
  },
);

test('another reader finds the same members', async () => {
  const names: string[] = [];
  const ours: string[] = [];

  for await (const member of Readable.from([ARCHIVE]).pipe(extract())) {
    names.push(member.header.name);
    member.resume();
  }
  await readTar(Readable.from([ARCHIVE]), {
    limits: DEFAULT_LIMITS,
    wanted: () => undefined,
    onMember: ({ name }) => ours.push(name),
  });

  expect(ours).toEqual(names);
});

function piecesOf(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}
