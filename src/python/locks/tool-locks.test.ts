import { describe, expect, test } from 'vitest';
import { parsePdmLock, parsePoetryLock } from './pdm-poetry-lock.ts';
import { parsePipfileLock } from './pipfile-lock.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

describe('Pipfile.lock', () => {
  const lock = (categories: object, spec = 6) =>
    JSON.stringify({
      _meta: { hash: { sha256: A }, 'pipfile-spec': spec, requires: {}, sources: [] },
      ...categories,
    });

  test('gives the packages of every category with their hashes', () => {
    const text = lock({
      default: {
        demo: {
          hashes: [`sha256:${A}`, `sha256:${B}`],
          index: 'main',
          markers: "python_version >= '3.9'",
          version: '==1.0',
        },
      },
      develop: { tool: { version: '===2.0.post1' } },
      docs: { 'with-extras': { extras: ['x'], hashes: [`sha256:${B}`], version: '==3' } },
    });

    expect(parsePipfileLock(text, 'Pipfile.lock')).toEqual({
      packages: [
        {
          project: 'demo',
          version: '1.0',
          marker: "python_version >= '3.9'",
          files: [{ sha256: A }, { sha256: B }],
        },
        { project: 'tool', version: '2.0.post1' },
        { project: 'with-extras', version: '3', files: [{ sha256: B }] },
      ],
      skipped: [],
    });
  });

  test('tells what comes from elsewhere', () => {
    const text = lock({
      default: {
        one: { git: 'https://git.example/one', ref: 'abc' },
        two: { file: 'https://files.example.org/two.zip' },
        own: { editable: true, path: '.' },
      },
    });

    const { packages, skipped } = parsePipfileLock(text, 'Pipfile.lock');

    expect(packages).toEqual([]);
    expect(skipped.map(({ where, reason }) => `${where} ${reason}`)).toEqual([
      'Pipfile.lock: one comes from a repository, not from an index',
      'Pipfile.lock: two comes from a URL, not from an index',
      'Pipfile.lock: own comes from a path, not from an index',
    ]);
  });

  test.each([
    ['{', /^Pipfile.lock: /],
    ['{}', /^Pipfile.lock: _meta: /],
    [lock({}, 5), /pipfile-spec 5 is unknown/],
    [lock({ default: { demo: { version: '*' } } }), /default\.demo: version must be pinned/],
    [lock({ default: { demo: { version: 1 } } }), /default\.demo\.version: /],
  ])('is refused when it is %s', (text, message) => {
    expect(() => parsePipfileLock(text, 'Pipfile.lock')).toThrow(message);
  });
});

describe('pdm.lock', () => {
  const HEAD = `[metadata]
groups = ["default", "dev"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
content_hash = "sha256:${A}"

[[metadata.targets]]
requires_python = ">=3.9"
`;

  test('gives packages with their files, once for all extras', () => {
    const text = `${HEAD}
[[package]]
name = "demo"
version = "1.0"
requires_python = ">=3.7"
summary = "A demo"
groups = ["default"]
marker = "sys_platform == 'win32'"
files = [
    {file = "demo-1.0-py3-none-any.whl", hash = "sha256:${A}"},
    {url = "https://files.example.org/x/demo-1.0.tar.gz", hash = "sha256:${B}"},
]

[[package]]
name = "demo"
version = "1.0"
extras = ["x"]
groups = ["default"]

[[package]]
name = "elsewhere"
version = "2.0"
git = "https://git.example/elsewhere"
revision = "abc"
`;

    expect(parsePdmLock(text, 'pdm.lock')).toEqual({
      packages: [
        {
          project: 'demo',
          version: '1.0',
          marker: "sys_platform == 'win32'",
          files: [
            { filename: 'demo-1.0-py3-none-any.whl', sha256: A },
            { filename: 'demo-1.0.tar.gz', sha256: B },
          ],
        },
      ],
      skipped: [{ where: 'pdm.lock: elsewhere', reason: 'comes from a repository, not from an index' }],
    });
  });

  test('of an unknown version is refused', () => {
    expect(() => parsePdmLock(HEAD.replace('4.5.0', '9.0'), 'pdm.lock')).toThrow('version 9.0 is unknown');
    expect(() => parsePdmLock('', 'pdm.lock')).toThrow('pdm.lock: metadata: ');
  });
});

describe('poetry.lock', () => {
  const metadata = (version: string, files = '') => `
[metadata]
lock-version = "${version}"
python-versions = ">=3.9"
content-hash = "${A}"
${files}`;

  test('of version 2 gives packages with their files', () => {
    const text = `
[[package]]
name = "demo"
version = "1.0"
description = "A demo"
optional = false
python-versions = ">=3.7"
groups = ["main"]
markers = "sys_platform == \\"win32\\""
files = [
    {file = "demo-1.0-py3-none-any.whl", hash = "sha256:${A}"},
]

[[package]]
name = "company"
version = "2.0"
files = []

[package.source]
type = "legacy"
url = "https://packages.example.com/simple"
reference = "company"

[[package]]
name = "elsewhere"
version = "3.0"
files = []

[package.source]
type = "git"
url = "https://git.example/elsewhere"
${metadata('2.1')}`;

    expect(parsePoetryLock(text, 'poetry.lock')).toEqual({
      packages: [
        {
          project: 'demo',
          version: '1.0',
          marker: 'sys_platform == "win32"',
          files: [{ filename: 'demo-1.0-py3-none-any.whl', sha256: A }],
        },
        { project: 'company', version: '2.0' },
      ],
      skipped: [{ where: 'poetry.lock: elsewhere', reason: 'comes from a repository, not from an index' }],
    });
  });

  test('of version 1 has the files at its end', () => {
    const files = `[metadata.files]\ndemo = [\n  {file = "demo-1.0.tar.gz", hash = "sha256:${B}"},\n]\n`;
    const text = `[[package]]\nname = "demo"\nversion = "1.0"\n${metadata('1.1', files)}`;

    expect(parsePoetryLock(text, 'poetry.lock').packages).toEqual([
      { project: 'demo', version: '1.0', files: [{ filename: 'demo-1.0.tar.gz', sha256: B }] },
    ]);
  });

  test('of an unknown version is refused', () => {
    expect(() => parsePoetryLock(metadata('3.0'), 'poetry.lock')).toThrow('version 3.0 is unknown');
  });
});
