import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import diff from 'highlight.js/lib/languages/diff';
import ini from 'highlight.js/lib/languages/ini';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import pythonConsole from 'highlight.js/lib/languages/python-repl';
import rust from 'highlight.js/lib/languages/rust';
import shell from 'highlight.js/lib/languages/shell';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

const languages = { bash, c, diff, ini, javascript, json, python, rust, shell, xml, yaml };
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);
hljs.registerLanguage('python-repl', pythonConsole);
hljs.registerAliases(['python3', 'py3', 'default'], { languageName: 'python' });

const MAX_LENGTH = 50_000;
const BLOCK = /<pre tabindex="0"><code class="language-([\w+#.-]{1,30})">([^<]*)<\/code><\/pre>/g;

/** Marks the words of code blocks by classes. Takes what the sanitizer gives, where text is escaped and code has no tags. */
export function highlightBlocks(html: string): string {
  return html.replace(BLOCK, (block, language: string, escaped: string) => {
    if (hljs.getLanguage(language) === undefined || escaped.length > MAX_LENGTH) return block;
    const { value } = hljs.highlight(unescapeHtml(escaped), { language, ignoreIllegals: true });
    return `<pre tabindex="0"><code class="language-${language}">${value}</code></pre>`;
  });
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&' };

function unescapeHtml(text: string): string {
  return text.replace(/&(lt|gt|quot|amp);/g, (entity, name: string) => ENTITIES[name] ?? entity);
}
