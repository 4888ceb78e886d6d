import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collectOrphans } from '#kernel/files/collect-orphans.ts';
import { neededDigests } from '#kernel/stored-bytes/store.ts';
import { storedBytes } from '../src/packages/stored-bytes.ts';
import { basic, testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { sdist, sdistFilename, tar, wheel, wheelFilename } from '#test/archives.ts';
import { multipart } from '#test/multipart.ts';
import { uploadForm, wheelUpload } from '#test/uploads.ts';

const SEED = 20_261_120;
const RUNS = 80;

/** A small generator (xorshift) with a fixed seed, so that a failure can be repeated. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Random = (below: number) => number;

const pick = <T>(random: Random, items: readonly T[]): T => items[random(items.length)] as T;

function damage(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  switch (random(5)) {
    case 0:
      return copy.subarray(0, random(copy.length));
    case 1:
      return Buffer.concat([copy.subarray(0, random(copy.length)), copy.subarray(random(copy.length))]);
    case 2:
      return Buffer.concat([copy, copy.subarray(0, random(200))]);
    default:
      for (let count = 1 + random(6); count > 0; count -= 1) copy[random(copy.length)] = random(256);
      return copy;
  }
}

let app: TestApp;
let index: TestIndex;
beforeAll(async () => {
  app = await testApp({ database: 'sqlite' });
  index = await app.index();
});
afterAll(async () => await app.close());

/** What no request may leave behind: bytes on their way, and rows without bytes or bytes without rows. */
async function expectNoResidue(): Promise<void> {
  await expect
    .poll(async () => (await app.contents()).files.filter((file) => file.startsWith('incoming/')))
    .toEqual([]);
  // Replaced files are orphans by design until the hourly job collects them.
  const { db, files: store } = app.context;
  await collectOrphans(store, (digests) => neededDigests(storedBytes, db, digests), Infinity);
  const { rows, files } = await app.contents();
  const stored = files
    .filter((file) => /^sha256\/..\//.test(file))
    .map((file) => file.slice(7).replace('/', ''));
  const needed = (rows['release_file'] ?? []).flatMap((row) => {
    const { sha256, metadata_sha256: sidecar } = JSON.parse(String(row)) as Record<string, string | null>;
    return [sha256, sidecar].filter((digest) => digest !== null);
  });
  expect(stored.toSorted()).toEqual([...new Set(needed)].toSorted());
}

test('damaged forms are answered, never with a failure, and leave nothing', async () => {
  const random = randomNumbers(SEED);
  const form = uploadForm(wheelUpload());
  const statuses = new Map<number, number>();

  for (let run = 0; run < RUNS; run += 1) {
    const contentType =
      random(10) === 0
        ? damage(Buffer.from(form.contentType), random)
            .toString('latin1')
            .replace(/[^ -~]/g, '')
        : form.contentType;
    const response = await app.request('POST', `${index.path}/`, {
      body: damage(form.body, random),
      auth: index.user.auth,
      headers: { 'content-type': contentType },
    });
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    expect([200, 400, 415, 501], `run ${run}: ${response.text}`).toContain(response.status);
  }

  expect(statuses.get(400)).toBeGreaterThan(RUNS / 3);
  await expectNoResidue();
});

test('damaged archives are answered, never with a failure, and leave nothing', async () => {
  const random = randomNumbers(SEED + 1);
  const archives = [
    [
      wheelFilename({ version: '2.0' }),
      wheel({ version: '2.0', files: { 'demo/text': 'text '.repeat(100) } }),
    ],
    [sdistFilename({ version: '2.0' }), sdist({ version: '2.0' })],
    [sdistFilename({ version: '2.0', format: 'zip' }), sdist({ version: '2.0', format: 'zip' })],
  ] as const;
  let refused = 0;

  for (let run = 0; run < RUNS; run += 1) {
    const [filename, bytes] = pick(random, archives);
    const upload = { name: 'demo', version: '2.0', filename, content: damage(bytes, random) };
    const response = await app.upload(index, upload);
    expect([200, 400], `run ${run}, ${filename}: ${response.text}`).toContain(response.status);
    if (response.status === 400) refused += 1;
  }

  expect(refused).toBeGreaterThan(RUNS / 3);
  await expectNoResidue();
});

test('damaged members within sound archives are answered as well', async () => {
  const random = randomNumbers(SEED + 2);
  for (let run = 0; run < 25; run += 1) {
    const metadata = damage(
      Buffer.from('Metadata-Version: 2.1\nName: demo\nVersion: 3.0\nRequires-Dist: x\n\ntext'),
      random,
    );
    const uploads = [
      {
        filename: wheelFilename({ version: '3.0' }),
        content: wheel({ version: '3.0', metadata: metadata.toString('latin1') }),
      },
      {
        filename: sdistFilename({ version: '3.0' }),
        content: gzipSync(
          tar([
            { name: 'demo-3.0/PKG-INFO', data: metadata },
            { name: 'demo-3.0/setup.py', data: '' },
          ]),
        ),
      },
    ];
    for (const upload of uploads) {
      const response = await app.upload(index, { name: 'demo', version: '3.0', ...upload });
      expect([200, 400], `run ${run}: ${response.text}`).toContain(response.status);
      const page = await app.page(index);
      expect(page === 404 || Array.isArray(page.files)).toBe(true);
    }
  }
  await expectNoResidue();
});

test('forms with random fields are answered', async () => {
  const random = randomNumbers(SEED + 3);
  const names = [
    ':action',
    'name',
    'version',
    'content',
    'sha256_digest',
    'classifiers',
    '__proto__',
    'constructor',
    '',
  ];
  const values = [
    'file_upload',
    'submit',
    'demo',
    '1.0',
    '',
    '\u0000',
    '\ud800',
    '../..',
    'x'.repeat(3000),
    '🐍',
    '%00',
    "'; --",
  ];
  for (let run = 0; run < 60; run += 1) {
    const fields = Object.fromEntries(
      Array.from({ length: random(8) }, () => [
        pick(random, names),
        [pick(random, values), pick(random, values)],
      ]),
    );
    const files = Array.from({ length: random(4) }, () => ({
      name: pick(random, names),
      filename: pick(random, ['demo-1.0.tar.gz', 'demo-1.0-py3-none-any.whl', 'x', '', '../x', 'ü.whl']),
      value: pick(random, [sdist(), wheel(), Buffer.alloc(0)]),
    }));
    const response = await app.request('POST', `${index.path}/`, {
      form: multipart(fields, files),
      auth: index.user.auth,
    });
    expect([200, 400], `run ${run}: ${response.text}`).toContain(response.status);
  }
  await expectNoResidue();
});

test('random requests get an answer and the server goes on', async () => {
  const random = randomNumbers(SEED + 4);
  const parts = [
    '/',
    '+simple',
    '+f',
    '+api',
    'root',
    'pypi',
    'demo',
    '1.0',
    '%2B',
    '%00',
    '%ff',
    '..',
    '?',
    '=',
    '*',
    '\\',
    ';',
    'ü',
    index.path,
  ];
  const methods = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'POST', 'PUSH', 'LINK', 'TRACE', 'PROPFIND'];
  for (let run = 0; run < 80; run += 1) {
    const path = `/${Array.from({ length: random(6) }, () => `${pick(random, parts)}${pick(random, ['/', ''])}`).join('')}`;
    const method = pick(random, methods);
    const text = pick(random, ['', '{}', '[]', 'null', '{"a":', '[["x"]]', '{"name":"demo"}']);
    const request = `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${text.length}\r\nAuthorization: ${pick(random, [basic(index.user.auth), 'Basic', 'Bearer x', 'Basic AAAA'])}\r\n\r\n${text}`;
    const received = await app.raw([Buffer.from(request)], { silentMs: 2000 });
    expect(received, `run ${run}: ${method} ${path}`).toMatch(/^HTTP\/1\.1 [2345]\d\d /);
    expect(received, `run ${run}: ${method} ${path}`).not.toMatch(/^HTTP\/1\.1 50[02-9]/);
  }

  expect((await app.get('/+api')).status).toBe(200);
  await expectNoResidue();
});
