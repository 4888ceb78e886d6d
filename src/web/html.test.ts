import { expect, test } from 'vitest';
import { foreign, html, safeHref } from './html.ts';

test('escapes every value that is no HTML', () => {
  const hostile = '<script>"&\'';

  expect(String(html`<p title="${hostile}">${hostile}${html`<b>${1}</b>`}${['<', html`<i></i>`]}</p>`)).toBe(
    '<p title="&lt;script&gt;&quot;&amp;&#39;">&lt;script&gt;&quot;&amp;&#39;<b>1</b>&lt;<i></i></p>',
  );
});

test('leaves out what is absent', () => {
  expect(String(html`<p>${false}${null}${undefined}${0}</p>`)).toBe('<p>0</p>');
});

test.each([
  ['/alice/dev', '/alice/dev'],
  ['https://example.org/a', 'https://example.org/a'],
  [' http://example.org', 'http://example.org/'],
  ['mailto:a@example.org', 'mailto:a@example.org'],
  ['//example.org', undefined],
  ['/\\example.org', undefined],
  ['javascript:alert(1)', undefined],
  ['java\nscript:alert(1)', undefined],
  ['data:text/html,x', undefined],
  ['no address', undefined],
])('%j may be linked as %j', (address, href) => {
  expect(safeHref(address)).toBe(href);
});

test('shows characters that would reorder others', () => {
  expect(String(foreign('a\u202eb\u0000<'))).toBe('<bdi>a\\u202eb\\u0000&lt;</bdi>');
});
