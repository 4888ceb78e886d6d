import { expect, test } from 'vitest';
import { html } from '../html.ts';
import { markupWithOutsidePath, outsidePath, withOutsidePath } from './outside-path.ts';

test.each([
  ['https://example.org', ''],
  ['https://example.org/', ''],
  ['https://example.org/python', '/python'],
  ['https://example.org/a/b/', '/a/b'],
])('the path of %s is %j', (url, path) => {
  expect(outsidePath(url)).toBe(path);
});

test('own addresses get the path, and nothing else does', () => {
  const page = html`<a
      href="/alice"
      title="/alice"
      >/alice href="/alice"</a
    ><a href="https://example.org/">x</a><a href="//example.org/">x</a><a href="#main">x</a>
    <form action="/+login"><input name="next" value="/alice" /></form>
    <div data-live="/+events/stream"></div>`;
  const made = markupWithOutsidePath(String(page), '/it’s&');

  expect(made.match(/\/it’s&#38;\/[a-z+]+/g)).toEqual(
    ['alice', '+login', '+events'].map((p) => `/it’s&#38;/${p}`),
  );
  expect(made.replaceAll('/it’s&#38;', '')).toBe(String(page));
  expect(markupWithOutsidePath(String(page), '')).toBe(String(page));
  expect(withOutsidePath('/alice', '/python')).toBe('/python/alice');
  expect(withOutsidePath('https://example.org/', '/python')).toBe('https://example.org/');
});

test('options of a list box lead below it, too', () => {
  expect(markupWithOutsidePath('<li data-href="/alice/dev">', '/python')).toBe(
    '<li data-href="/python/alice/dev">',
  );
});
