import { describe, expect, test } from 'vitest';
import { metadataText } from '#test/archives.ts';
import { parseCoreMetadata } from './core-metadata.ts';
import { ArchiveRejected } from '../archive-rejected.ts';

function parse(text: string): ReturnType<typeof parseCoreMetadata> {
  return parseCoreMetadata(Buffer.from(text));
}

const REQUIRED = 'Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n';

test('every field has the name that the upload form uses', () => {
  const headers = {
    'Metadata-Version': '2.6',
    Platform: ['linux', 'darwin'],
    'Supported-Platform': 'x',
    Summary: 'a summary',
    'Description-Content-Type': 'text/markdown',
    Keywords: 'a,b',
    'Home-page': 'https://h',
    'Download-URL': 'https://d',
    Author: 'A',
    'Author-email': 'a@b',
    Maintainer: 'M',
    'Maintainer-email': 'm@b',
    License: 'MIT',
    'License-Expression': 'MIT',
    'License-File': ['LICENSE', 'NOTICE'],
    Classifier: ['Topic :: A', 'Topic :: B'],
    'Requires-Dist': ['a>1', 'b; extra == "x"'],
    'Requires-Python': '>=3.9',
    'Requires-External': 'libc',
    'Project-URL': 'Docs, https://x',
    'Provides-Extra': 'x',
    'Provides-Dist': 'p',
    'Obsoletes-Dist': 'o',
    Requires: 'r',
    Provides: 'q',
    Obsoletes: 's',
    Dynamic: ['classifier'],
    'Import-Name': ['demo', 'demo.a'],
    'Import-Namespace': 'ns',
  };

  expect(parse(metadataText({ metadata: headers, description: 'Hello\n' }))).toEqual({
    metadata_version: '2.6',
    name: 'demo',
    version: '1.0',
    platform: ['linux', 'darwin'],
    supported_platform: ['x'],
    summary: 'a summary',
    description: 'Hello\n',
    description_content_type: 'text/markdown',
    keywords: 'a,b',
    home_page: 'https://h',
    download_url: 'https://d',
    author: 'A',
    author_email: 'a@b',
    maintainer: 'M',
    maintainer_email: 'm@b',
    license: 'MIT',
    license_expression: 'MIT',
    license_file: ['LICENSE', 'NOTICE'],
    classifiers: ['Topic :: A', 'Topic :: B'],
    requires_dist: ['a>1', 'b; extra == "x"'],
    requires_python: '>=3.9',
    requires_external: ['libc'],
    project_urls: ['Docs, https://x'],
    provides_extras: ['x'],
    provides_dist: ['p'],
    obsoletes_dist: ['o'],
    requires: ['r'],
    provides: ['q'],
    obsoletes: ['s'],
    dynamic: ['classifier'],
    import_names: ['demo', 'demo.a'],
    import_namespaces: ['ns'],
  });
});

describe('the format is what Python reads', () => {
  test.each<[string, string, object]>([
    ['headers may be in any case', `${REQUIRED}SUMMARY: x\n`, { summary: 'x' }],
    [
      'lines may end with CRLF',
      `${REQUIRED}Summary: x\n\nbody\n`.replaceAll('\n', '\r\n'),
      { summary: 'x', description: 'body\r\n' },
    ],
    ['lines may end with CR', `${REQUIRED}Summary: x\n`.replaceAll('\n', '\r'), { summary: 'x' }],
    [
      'a line that starts with a blank continues a header',
      `${REQUIRED}Keywords: a,\n  b,\n\tc\n`,
      { keywords: 'a, b, c' },
    ],
    ['a value may start on the next line', `${REQUIRED}Keywords:\n  a\n`, { keywords: 'a' }],
    [
      'a folded description keeps its lines',
      `${REQUIRED}Description: a\n       |  b\n       |\n       |c\n`,
      { description: 'a\n  b\n\nc' },
    ],
    [
      'an old description is indented by eight spaces',
      `${REQUIRED}Description: a\n        b\n          c\n`,
      { description: 'a\nb\n  c' },
    ],
    ['the body is the description', `${REQUIRED}\nbody: text\n\nmore`, { description: 'body: text\n\nmore' }],
    ['a body wins over the header', `${REQUIRED}Description: a\n\nbody`, { description: 'body' }],
    [
      'a line that is no header starts the body',
      `${REQUIRED}no header\nSummary: x\n`,
      { description: 'no header\nSummary: x\n' },
    ],
    ['of a single field the first counts', `${REQUIRED}Summary: a\nSummary: b\n`, { summary: 'a' }],
    ['an empty Import-Name is kept', `${REQUIRED}Import-Name:\n`, { import_names: [''] }],
    [
      'unknown headers are ignored',
      `${REQUIRED}X-Thing: a\n__proto__: b\nconstructor: c\n`,
      { name: 'demo' },
    ],
    ['values are UTF-8', `${REQUIRED}Author: Jörg 李\n`, { author: 'Jörg 李' }],
    ['a header without a name is passed over', `${REQUIRED}: x\nSummary: y\n`, { summary: 'y' }],
  ])('%s', (_title, text, expected) => {
    expect(parse(text)).toMatchObject(expected);
  });

  test('latin-1 is read when it is not UTF-8', () => {
    expect(parseCoreMetadata(Buffer.from(`${REQUIRED}Author: J\xf6rg\n`, 'latin1')).author).toBe('Jörg');
  });

  test('UNKNOWN and empty values are absent', () => {
    expect(parse(`${REQUIRED}Summary: UNKNOWN\nHome-page:\nPlatform: UNKNOWN\n\nUNKNOWN\n`)).toEqual({
      metadata_version: '2.1',
      name: 'demo',
      version: '1.0',
    });
  });
});

test.each(['1.0', '1.2', '2.4', '2.6', '2.99'])('metadata version %s is accepted', (version) => {
  expect(parse(`Metadata-Version: ${version}\nName: a\nVersion: 1\n`).metadata_version).toBe(version);
});

test.each([
  [
    'Metadata-Version: 3.0\nName: a\nVersion: 1\n',
    'metadata.unknown-version',
    "metadata version '3.0' is not known",
  ],
  [
    'Metadata-Version: x\nName: a\nVersion: 1\n',
    'metadata.unknown-version',
    "metadata version 'x' is not known",
  ],
  ['Name: a\nVersion: 1\n', 'metadata.missing-field', 'the metadata has no Metadata-Version'],
  ['Metadata-Version: 2.1\nVersion: 1\n', 'metadata.missing-field', 'the metadata has no Name'],
  ['Metadata-Version: 2.1\nName: a\n', 'metadata.missing-field', 'the metadata has no Version'],
  ['', 'metadata.missing-field', 'the metadata has no Metadata-Version'],
])('%j breaks %s', (text, rule, message) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ rule, message }));
});

test('hostile metadata costs little', () => {
  // Processor time of this thread: others may be busy.
  const start = process.threadCpuUsage();

  expect(() => parse(REQUIRED + 'a: b\n'.repeat(20_000))).toThrow(ArchiveRejected);
  expect(() => parse(`${REQUIRED}Summary: x\n${' \n'.repeat(300_000)}`)).toThrow(ArchiveRejected);
  expect(() => parseCoreMetadata(Buffer.alloc(17 * 1024 ** 2))).toThrow(ArchiveRejected);
  parse(`${REQUIRED}Summary: x\n${` ${' '.repeat(1000)}\n`.repeat(5000)}`);
  parse(`${REQUIRED}${'a'.repeat(4_000_000)}`);

  const { user, system } = process.threadCpuUsage(start);
  expect((user + system) / 1000).toBeLessThan(2000);
});
