import { describe, expect, test } from 'vitest';
import { bestHash, linkPath, linkRelpath, type Link } from './link.ts';
import { validateLink, type RawLink } from './upstream/validate-link.ts';

const hex = (length: number) => '0123456789abcdef'.repeat(8).slice(0, length);

function link(overrides: Partial<RawLink> = {}): Link {
  const raw = { filename: 'demo-1.0.tar.gz', url: 'demo-1.0.tar.gz', hashes: {}, ...overrides };
  const valid = validateLink(raw as RawLink, 'https://host.example/simple/demo/', 'demo');
  if (typeof valid === 'string') throw new Error(valid);
  return valid;
}

describe('the address of a mirrored file', () => {
  test.each([
    ['its sha256', { md5: hex(32), sha256: hex(64) }, '+f/012/3456789abcdef/demo-1.0.tar.gz'],
    ['its md5 if there is no other hash', { md5: hex(32) }, '+f/012/3456789abcdef/demo-1.0.tar.gz'],
    ['its URL if there is no hash', {}, '+e/https_host.example_simple_demo/demo-1.0.tar.gz'],
  ])('follows from %s', (_what, hashes, expected) => {
    expect(linkRelpath(link({ hashes }))).toBe(expected);
  });

  test('is the same every time and differs for every URL', () => {
    const addresses = ['a/demo-1.0.tar.gz', 'b/demo-1.0.tar.gz', 'a/demo-1.0.tar.gz'].map((url) =>
      linkRelpath(link({ url })),
    );

    expect(addresses[0]).toBe(addresses[2]);
    expect(addresses[0]).not.toBe(addresses[1]);
  });

  test('tells files apart whose URLs differ in the query only', () => {
    const addresses = ['', '?v=1', '?v=2', '?v=1'].map((query) =>
      linkRelpath(link({ url: `https://files.example.org/get/demo-1.0.tar.gz${query}` })),
    );

    expect(addresses[0]).toBe('+e/https_files.example.org_get/demo-1.0.tar.gz');
    expect(new Set(addresses).size).toBe(3);
    expect(addresses[1]).toBe(addresses[3]);
  });

  test('is quoted as URLs must be', () => {
    const file = link({ filename: 'demo-1.0+local.tar.gz', hashes: { sha256: hex(64) } });

    expect(linkPath({ user: 'jörg', name: 'dev' }, file)).toBe(
      'j%C3%B6rg/dev/+f/012/3456789abcdef/demo-1.0+local.tar.gz',
    );
  });
});

test.each([
  [{}, undefined],
  [{ md5: 'a' }, 'md5'],
  [{ md5: 'a', sha1: 'b' }, 'sha1'],
  [{ sha1: 'a', blake2b: 'b', sha512: 'c' }, 'sha512'],
  [{ sha512: 'a', sha256: 'b' }, 'sha256'],
])('of %j the best hash is %s', (hashes, expected) => {
  expect(bestHash(hashes)?.algorithm).toBe(expected);
});

test.each([
  [
    'without credentials and fragment',
    'https://me:pass@host.example/a.tar.gz#egg=demo',
    'https://host.example/a.tar.gz',
  ],
  [
    'with its query, which may be a signature',
    'https://host.example/a.tar.gz?sig=1',
    'https://host.example/a.tar.gz?sig=1',
  ],
  ['relative to the page', '../../files/a.tar.gz', 'https://host.example/files/a.tar.gz'],
  ['relative to the host', '/files/a.tar.gz', 'https://host.example/files/a.tar.gz'],
  ['relative to the protocol', '//other.example/a.tar.gz', 'https://other.example/a.tar.gz'],
])('a URL is kept %s', (_how, url, expected) => {
  expect(link({ url }).url).toBe(expected);
});
