import { describe, expect, test } from 'vitest';
import { renderDescription } from './render-description.ts';

const markdown = (text: string) =>
  renderDescription(text, 'text/markdown; charset=UTF-8; variant=GFM').trim();
const restructured = (text: string) => renderDescription(text, 'text/x-rst').trim();
/** Without what lies between blocks. */
const tight = (html: string) => html.replace(/\s*\n\s*/g, '');

describe('the content type', () => {
  test.each([
    ['text/markdown', '# a', '<h3 id="readme-a">a</h3>'],
    ['Text/Markdown;charset=UTF-8', '# a', '<h3 id="readme-a">a</h3>'],
    ['text/x-rst', '*a*', '<p><em>a</em></p>'],
    ['', '*a*', '<p><em>a</em></p>'],
    ['text/plain', '*a* <b>', '<pre class="readme-text" tabindex="0">*a* &#60;b&#62;</pre>'],
    ['application/x-unknown', '# a', '<pre class="readme-text" tabindex="0"># a</pre>'],
  ])('%s of %j', (type, text, html) => {
    expect(tight(renderDescription(text, type))).toBe(html);
  });

  test('that is missing means text where reStructuredText cannot be read, and says so', () => {
    const html = renderDescription('|a|\n\n.. |a| replace:: x |a| y\n\n<b>', '');

    expect(html).toMatch(/^<p class="readme-note">Shown as text: its type is not given/);
    expect(html).toContain('&#60;b&#62;</pre>');
  });
});

describe('Markdown', () => {
  test.each([
    ['tables with sides', '|a|b|\n|-|-:|\n|1|2|', '<th>a</th><th class="readme-right">b</th>'],
    ['strikethrough', '~~a~~', '<s>a</s>'],
    [
      'addresses',
      'https://x.example/a',
      '<a href="https://x.example/a" rel="nofollow noopener ugc">https://x.example/a</a>',
    ],
    ['no addresses that are file names', 'README.md setup.py', '<p>README.md setup.py</p>'],
    ['links to places in it', '[b](#b-c)\n\n# B c', '<a href="#readme-b-c">b</a>'],
    ['ids of HTML', '<h2 id="top">a</h2>', '<h3 id="readme-top">a</h3>'],
    ['no links into its repository', '[a](docs/a.md)', '<p><a>a</a></p>'],
    ['mail', '[a](mailto:a@x.example)', '<a href="mailto:a@x.example" rel="nofollow noopener ugc">a</a>'],
    ['paragraphs in the middle', '<p align="center">a</p>', '<p class="readme-center">a</p>'],
    ['center', '<center>a</center>', '<div class="readme-center">a</div>'],
    [
      'details',
      '<details open><summary>a</summary>b</details>',
      '<details open><summary>a</summary>b</details>',
    ],
    ['emoji', 'a 🍰 b', '<p>a 🍰 b</p>'],
    ['right-to-left text', 'שלום עולם', '<p>שלום עולם</p>'],
    ['characters that turn texts round, visibly', 'a\u202Eb&#x2066;c', '<p>a[U+202E]b[U+2066]c</p>'],
    ['entities', '&lt;b&gt; &amp; &copy;', '<p>&lt;b&gt; &amp; ©</p>'],
  ])('has %s', (_, text, html) => {
    expect(tight(markdown(text))).toContain(html);
  });

  test.each([
    ['# a\n## b\n### c', [3, 4, 5]],
    ['## a\n## b\n#### c\n## d\n# e', [3, 3, 4, 3, 3]],
    ['#### a\n# b\n## c', [3, 3, 4]],
    ['# a\n## b\n### c\n#### d\n##### e\n###### f', [3, 4, 5, 6, 6, 6]],
  ])('puts the headings of %j below those of the page, without gaps', (text, levels) => {
    expect([...markdown(text).matchAll(/<h(\d)/g)].map(([, level]) => Number(level))).toEqual(levels);
  });

  test('counts headings of one name', () => {
    expect(markdown('# A\n# A\n# Ä, b!')).toMatch(/readme-a".*\n.*readme-a-1".*\n.*readme-ä-b"/);
  });
});

describe('pictures', () => {
  const label = '<a class="readme-image" href="https://img.example/a.svg" rel="nofollow noopener ugc">';

  test.each([
    ['![build](https://img.example/a.svg)', `${label}image not loaded: img.example, build</a>`],
    [
      '[![build](https://img.example/a.svg)](https://ci.example)',
      '<a href="https://ci.example" rel="nofollow noopener ugc"><span class="readme-image">image not loaded: img.example, build</span></a>',
    ],
    ['![a](logo.png)', '<span class="readme-image">image not loaded, a</span>'],
    ['<img src="https://img.example/a.svg" width="10">', `${label}image not loaded: img.example</a>`],
    ['![a](data:image/png;base64,AAAA)', '<span class="readme-image">image not loaded, a</span>'],
  ])('%s become labels', (text, html) => {
    expect(markdown(text)).toContain(html);
  });

  test('of reStructuredText, too', () => {
    const html = restructured('.. image:: https://img.example/a.svg\n   :alt: build');

    expect(html).toContain(`${label}image not loaded: img.example, build</a>`);
  });
});

describe('code', () => {
  test.each([
    [
      '```python\nimport a\n```',
      '<pre tabindex="0"><code class="language-python"><span class="hljs-keyword">import</span> a',
    ],
    ['```toml\n[a]\n```', '<span class="hljs-section">[a]</span>'],
    ['```console\n$ pip\n```', '<span class="hljs-meta prompt_">$ </span>'],
    ['```unheard-of\n<a> & b\n```', '<code class="language-unheard-of">&lt;a&gt; &amp; b'],
    ['```\na\n```', '<pre tabindex="0"><code>a\n</code></pre>'],
    ['    a', '<pre tabindex="0"><code>a\n</code></pre>'],
  ])('%j', (text, html) => {
    expect(markdown(text)).toContain(html);
  });

  test.each([
    ['.. code-block:: python\n\n   import a', '<span class="hljs-keyword">import</span> a'],
    ['.. code:: bash\n\n   echo "a"', '<span class="hljs-string">&quot;a&quot;</span>'],
    ['>>> import a', '<span class="hljs-meta prompt_">&gt;&gt;&gt;</span>'],
    ['a::\n\n  x &amp; <y>\n    z', 'x &amp;amp; &lt;y&gt;\n  z</code></pre>'],
    ['- a::\n\n    x\n      y', 'x\n  y</code></pre>'],
  ])('reStructuredText %j', (text, html) => {
    expect(restructured(text)).toContain(html);
  });

  test('above 50 kB is not coloured', () => {
    expect(markdown(`\`\`\`python\n${'import a\n'.repeat(6000)}\`\`\``)).not.toContain('hljs');
  });
});

describe('reStructuredText', () => {
  test.each([
    ['headings', 'Aa\n==\n\nBb\n--\n\nCc\n--', /<h3[^>]*>Aa<\/h3>.*<h4[^>]*>Bb<\/h4>.*<h4[^>]*>Cc<\/h4>/],
    [
      'links',
      '`a <https://x.example>`_',
      /<a href="https:\/\/x\.example" rel="nofollow noopener ugc">a<\/a>/,
    ],
    ['lists', '* a\n* b\n\n1. c', /<ul><li>.*a.*<\/li>.*<\/ul><ol.*c/],
    ['tables', '=  =\na  b\n=  =\n1  2\n=  =', /<th>.*a.*<\/th>.*<td>.*1.*<\/td>/],
    ['tabs', '* a\n\n\tb', /a.*b/],
    ['directives that it does not know', '.. unheard:: x\n\n   *a*', /<em>a<\/em>/],
    ['roles that it does not know', 'a :unheard:`b` c', /a b c/],
    ['references that lead nowhere', 'a b_ c', /a <a>b<\/a> c|a b c/],
    ['substitutions that are not there', 'a |b| c', /a b c/],
    ['footnotes that are not there', 'a [1]_ c', /a .*1.* c/],
    ['notes', '.. note:: a', /a/],
    ['formulas as they are written', '.. math:: x^2 < 1\n\n:math:`a^2`', /x\^2 &lt; 1.*a\^2/],
    ['ampersands', 'a &nbsp; &lt;b &amp;c', /a &amp;nbsp; &amp;lt;b &amp;amp;c/],
    ['right-to-left text', 'שלום *עולם*', /<p>שלום <em>עולם<\/em><\/p>/],
  ])('has %s', (_, text, pattern) => {
    const html = tight(restructured(text));

    expect(html).toMatch(pattern);
    expect(html).not.toContain('Shown as text');
  });

  test('does not show raw HTML and other files', () => {
    const html = restructured('a\n\n.. raw:: html\n\n   <b>hidden</b>\n\n.. include:: HISTORY.rst');

    expect(tight(html)).toBe('<p>a</p>');
  });
});

test('plain text links addresses, without the full stop behind them', () => {
  expect(renderDescription('see https://x.example/a?b&c.', 'text/plain')).toContain(
    'see <a href="https://x.example/a?b&#38;c" rel="nofollow noopener ugc">https://x.example/a?b&#38;c</a>.',
  );
});
