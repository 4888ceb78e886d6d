import { describe, expect, test } from 'vitest';
import { authorOf, linksOf } from './metadata-facts.ts';

describe('the author', () => {
  test.each([
    ['Alice Doe', 'Alice Doe'],
    ['"Alice Doe" <alice@example.org>, Bob <b@example.org>', 'Alice Doe, Bob'],
    ['alice@example.org', 'alice'],
    [' , ', undefined],
  ])('of %j is %j', (author, shown) => {
    expect(authorOf({ author })).toBe(shown);
  });

  test.each(['<', '"<', '<,', '@\n', 'a@'])('is found in a megabyte of %j in no time', (piece) => {
    const started = performance.now();

    authorOf({ author: piece.repeat(1_000_000 / piece.length) });
    expect(performance.now() - started).toBeLessThan(500);
  });
});

test('links are http and https, each once, and not thousands', () => {
  const project_urls = ['Docs, https://a.example/', 'again, https://a.example/', 'js, javascript:alert(1)'];
  expect(linksOf({ project_urls, home_page: '//evil.example' })).toEqual([
    { label: 'Docs', href: 'https://a.example/', host: 'a.example' },
  ]);
  const many = Array.from({ length: 20_000 }, (_, i) => `l, https://x${i}.example/`);
  expect(linksOf({ project_urls: many }).length).toBeLessThanOrEqual(102);
});
