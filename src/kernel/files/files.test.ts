import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { readdir, rename, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { blake2b } from 'hash-wasm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { collectOrphans } from './collect-orphans.ts';
import type { Files } from './files.ts';
import { countOrphans } from './find-orphans.ts';
import { openLocalFiles } from './local-files.ts';
import { readLocalFile } from './local-open-file.ts';
import { OpenFileCache } from './open-file-cache.ts';
import { putBytes } from './put-bytes.ts';
import { storedPath } from './stored-path.ts';

let directory: string;
let files: Files;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'files-'));
  files = await openLocalFiles(directory);
});
afterEach(async () => {
  await files.close();
  rmSync(directory, { recursive: true });
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const incoming = () => readdir(join(directory, 'incoming'));

async function stored(): Promise<string[]> {
  const found = await Array.fromAsync(files.list());
  return found.map((file) => file.sha256).sort();
}

async function keep(bytes: Buffer): Promise<string> {
  const file = await files.receive();
  await file.write(bytes);
  const digests = await file.finish();
  await file.keep();
  await file.release();
  return digests.sha256;
}

async function read(digest: string): Promise<Buffer> {
  const file = await files.open(digest);
  try {
    return await file.next(Buffer.alloc(file.size));
  } finally {
    file.release();
  }
}

test('a file is nowhere before it is kept, and complete afterwards', async () => {
  const bytes = randomBytes(100_000);
  const file = await files.receive();
  for (let at = 0; at < bytes.length; at += 7001) await file.write(bytes.subarray(at, at + 7001));
  const digests = await file.finish();

  expect(digests).toEqual({
    sha256: sha256(bytes),
    md5: createHash('md5').update(bytes).digest('hex'),
    blake2b256: await blake2b(bytes, 256),
    size: bytes.length,
  });
  expect(await stored()).toEqual([]);
  const reader = await file.read();
  expect(reader?.size).toBe(bytes.length);
  const part = Buffer.alloc(60_000);
  expect(await reader?.read(part, 50_000)).toBe(50_000);
  expect(part.subarray(0, 50_000).equals(bytes.subarray(50_000))).toBe(true);

  await file.keep();
  expect(await stored()).toEqual([digests.sha256]);
  expect((await read(digests.sha256)).equals(bytes)).toBe(true);
  expect(await incoming()).toEqual([]);
  expect(await file.read()).toBeUndefined();
  expect(await reader?.read(part, 0)).toBe(60_000);
  await reader?.[Symbol.asyncDispose]();
  await file.release();
  expect(await stored()).toEqual([digests.sha256]);
});

test('an empty file is a file', async () => {
  const digest = await keep(Buffer.alloc(0));

  expect(digest).toBe(sha256(Buffer.alloc(0)));
  expect(await read(digest)).toHaveLength(0);
});

test('a file that is released unfinished, or not kept, leaves nothing', async () => {
  const unfinished = await files.receive();
  await unfinished.write(Buffer.from('x'));
  await unfinished.release();
  const finished = await files.receive();
  await finished.finish();
  await finished.release();
  await finished.release();

  expect([await incoming(), await stored()]).toEqual([[], []]);
});

test('keeping before finishing is a mistake of the program', async () => {
  const file = await files.receive();

  await expect(file.keep()).rejects.toThrow('keep() before finish()');
  await file.release();
});

test('the same bytes kept many times at once are one file', async () => {
  const bytes = Buffer.from('the same');

  const digests = await Promise.all(Array.from({ length: 20 }, () => keep(bytes)));

  expect(new Set(digests).size).toBe(1);
  expect(await stored()).toEqual([sha256(bytes)]);
  expect(await incoming()).toEqual([]);
});

test('nobody but the owner may read what is stored', async () => {
  const digest = await keep(Buffer.from('private'));

  const path = join(directory, 'sha256', digest.slice(0, 2), digest.slice(2));
  expect((await stat(path)).mode & 0o077).toBe(0);
  expect((await stat(join(directory, 'sha256'))).mode & 0o077).toBe(0);
});

test('a file that is not there says which', async () => {
  const digest = sha256(Buffer.from('never stored'));

  await expect(files.open(digest)).rejects.toMatchObject({
    kind: { code: 'kernel.file-missing' },
    message: `the stored file ${digest} cannot be read`,
  });
});

test.each(['', 'x', '../../etc/passwd', 'A'.repeat(64)])('"%s" is no digest', async (digest) => {
  await expect(files.open(digest)).rejects.toThrow('not a sha256');
  await expect(files.remove(digest, Infinity)).rejects.toThrow('not a sha256');
});

test('a removed file is gone, and can be kept again', async () => {
  const bytes = Buffer.from('again');
  const digest = await keep(bytes);

  expect(await files.remove(digest, Infinity)).toBe(true);
  expect(await stored()).toEqual([]);
  await expect(files.open(digest)).rejects.toThrow('cannot be read');
  expect(await files.remove(digest, Infinity)).toBe(true);
  await keep(bytes);
  expect((await read(digest)).equals(bytes)).toBe(true);
});

test('a file that is open can be read to its end after it was removed', async () => {
  const bytes = randomBytes(1000);
  const digest = await keep(bytes);
  const open = await files.open(digest);

  await files.remove(digest, Infinity);

  expect((await open.next(Buffer.alloc(1000))).equals(bytes)).toBe(true);
  open.release();
});

test('a file stored again lately is not removed', async () => {
  const bytes = Buffer.from('wanted again');
  const digest = await keep(bytes);
  const before = Date.now() - 3_600_000;

  expect(await files.remove(digest, before)).toBe(false);
  expect((await read(digest)).equals(bytes)).toBe(true);
});

test('keeping renews the time that shields from removal', async () => {
  const bytes = Buffer.from('old bytes');
  const digest = await keep(bytes);
  await sleep(20);
  const between = Date.now();
  await sleep(20);
  await keep(bytes);

  expect(await files.remove(digest, between)).toBe(false);
  expect(await stored()).toEqual([digest]);
});

test('bytes whose upload took long after the last of them are as young as the keeping', async () => {
  const file = await files.receive();
  await file.write(randomBytes(10));
  const { sha256: digest } = await file.finish();
  const [name = ''] = await incoming();
  const longAgo = new Date(Date.now() - 7_200_000);
  await utimes(join(directory, 'incoming', name), longAgo, longAgo);

  await file.keep();

  expect(await files.remove(digest, Date.now() - 3_600_000)).toBe(false);
  await file.release();
});

test('removing and keeping the same bytes at once never loses bytes that were kept last', async () => {
  const bytes = Buffer.from('contended');
  const digest = sha256(bytes);
  for (let round = 0; round < 30; round += 1) {
    await keep(bytes);
    const storedBefore = Date.now();
    await Promise.all([keep(bytes), files.remove(digest, storedBefore)]);
    expect((await read(digest)).equals(bytes), `round ${round}`).toBe(true);
  }
  expect(await incoming()).toEqual([]);
});

test('what processes that died left unfinished goes once it is old, and only then', async () => {
  const unfinished = await files.receive();
  await unfinished.write(Buffer.from('unfinished'));
  const kept = await keep(Buffer.from('kept'));
  // Nothing is released: the process has died here.
  const reopened = await openLocalFiles(directory);

  await reopened.removeUnfinished(Date.now() - 60_000);
  expect(await incoming()).toHaveLength(1);
  await reopened.removeUnfinished(Date.now() + 1000);
  expect(await incoming()).toEqual([]);

  expect(await stored()).toEqual([kept]);
  await reopened.close();
  await unfinished.release();
});

test('bytes that a dying process had taken aside to remove them come back', async () => {
  const bytes = Buffer.from('stored again meanwhile');
  const digest = await keep(bytes);
  const path = join(directory, 'sha256', digest.slice(0, 2), digest.slice(2));
  await rename(path, join(directory, 'incoming', `removing-${digest}-${randomUUID()}`));

  await files.removeUnfinished(Date.now() + 1000);

  expect((await read(digest)).equals(bytes)).toBe(true);
  expect(await incoming()).toEqual([]);
});

test('a directory that is gone says so', async () => {
  rmSync(join(directory, 'incoming'), { recursive: true });

  await expect(files.receive()).rejects.toMatchObject({
    kind: { code: 'kernel.files-unusable' },
    message: 'a directory of the stored files is missing',
  });
});

test.each([
  [{ first: 0, last: 0 }, 0, 1],
  [{ first: 10, last: 59 }, 10, 60],
  [{ first: 90, last: 99 }, 90, 100],
  [{ first: 95, last: 500 }, 95, 100],
  [{ first: 100, last: 100 }, 100, 100],
])('the range %o of 100 bytes is read in pieces and ends', async (range, from, to) => {
  const bytes = randomBytes(100);
  const file = await files.open(await keep(bytes), range);
  const pieces: Buffer[] = [];

  for (
    let piece = await file.next(Buffer.alloc(7));
    piece.length > 0;
    piece = await file.next(Buffer.alloc(7))
  )
    pieces.push(piece);

  expect(Buffer.concat(pieces).equals(bytes.subarray(from, to))).toBe(true);
  expect(file.size).toBe(100);
  file.release();
});

test('what needs no row is asked in batches, however much is stored', async () => {
  const digests = await Promise.all(
    Array.from({ length: 1100 }, (_, number) => keep(Buffer.from(String(number)))),
  );
  const needed = new Set(digests.filter((_, number) => number % 10 === 0));
  const asked: number[] = [];

  const freed = await collectOrphans(
    files,
    async (batch) => {
      asked.push(batch.length);
      return needed;
    },
    Infinity,
  );

  expect(asked).toEqual([500, 500, 100]);
  expect(freed.files).toBe(990);
  expect(await stored()).toEqual([...needed].sort());
});

test('a collection that is to stop removes no further batch', async () => {
  await Promise.all(Array.from({ length: 600 }, (_, number) => keep(Buffer.from(String(number)))));
  const stop = new AbortController();
  let asked = 0;
  const stopSecond = async () => {
    asked += 1;
    if (asked === 2) stop.abort(new Error('the process stops'));
    return new Set<string>();
  };

  await expect(collectOrphans(files, stopSecond, Infinity, stop.signal)).rejects.toThrow('the process stops');

  expect(await stored()).toHaveLength(100);
});

test('only orphans that are old enough are collected', async () => {
  const referenced = await keep(Buffer.from('referenced'));
  const orphan = await keep(Buffer.from('orphan'));

  const needed = async () => new Set([referenced]);
  expect(await collectOrphans(files, needed, Date.now() - 60_000)).toEqual({ files: 0, bytes: 0 });
  expect(await countOrphans(files, needed, Date.now() + 1000)).toEqual({ files: 1, bytes: 6 });
  expect(await collectOrphans(files, needed, Date.now() + 1000)).toEqual({ files: 1, bytes: 6 });

  expect(await stored()).toEqual([referenced]);
  expect(orphan).not.toBe(referenced);
});

test('readers of one file do not disturb each other', async () => {
  const digest = await keep(Buffer.from('shared'));
  const [one, two] = await Promise.all([files.open(digest), files.open(digest)]);

  expect((await one.next(Buffer.alloc(3))).toString()).toBe('sha');
  one.release();
  one.release();
  expect((await two.next(Buffer.alloc(6))).toString()).toBe('shared');
  two.release();
});

test('one handle serves all who read at once, and stays open between readers', async () => {
  const digest = await keep(Buffer.from('shared'));
  const path = join(directory, 'sha256', digest.slice(0, 2), digest.slice(2));
  const { open } = await import('node:fs/promises');
  const cache = new OpenFileCache(() => open(path));
  const [one, two] = await Promise.all([cache.open('x'), cache.open('x')]);

  expect(one.fd).toBe(two.fd);
  one.release();
  two.release();
  const three = await cache.open('x');
  expect(three.fd).toBe(one.fd);
  three.release();
  await cache.close();
});

test('a cache of open files closes the ones used longest ago, but none that is read', async () => {
  const digest = await keep(Buffer.from('x'));
  const path = join(directory, 'sha256', digest.slice(0, 2), digest.slice(2));
  const { open } = await import('node:fs/promises');
  let opened = 0;
  const cache = new OpenFileCache(async () => {
    opened += 1;
    return await open(path);
  });
  const held = await cache.open('held');
  for (let key = 0; key < 300; key += 1) (await cache.open(String(key))).release();

  expect((await readLocalFile(held).next(Buffer.alloc(1))).toString()).toBe('x');
  held.release();
  const before = opened;
  (await cache.open('299')).release();
  expect(opened).toBe(before);
  (await cache.open('0')).release();
  expect(opened).toBe(before + 1);
  await cache.close();
});

test('a file that could not be opened is tried anew', async () => {
  const digest = await keep(Buffer.from('x'));
  const path = join(directory, 'sha256', digest.slice(0, 2), digest.slice(2));
  const { open } = await import('node:fs/promises');
  let attempts = 0;
  const cache = new OpenFileCache(async () => {
    attempts += 1;
    if (attempts === 1) throw new Error('not now');
    return await open(path);
  });

  await expect(cache.open('x')).rejects.toThrow('not now');
  (await cache.open('x')).release();
  await cache.close();
});

test('bytes that are put are there, also in the place of what a crash cut off', async () => {
  const bytes = randomBytes(10_000);
  const digest = sha256(bytes);

  putBytes(directory, digest, bytes);
  expect((await read(digest)).equals(bytes)).toBe(true);
  expect((await stat(storedPath(directory, digest))).mode & 0o077).toBe(0);

  truncateSync(storedPath(directory, digest), 100);
  putBytes(directory, digest, bytes);
  await files.close();
  files = await openLocalFiles(directory);
  expect((await read(digest)).equals(bytes)).toBe(true);
  expect(await incoming()).toEqual([]);
});
