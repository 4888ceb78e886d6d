import { describe, expect, test } from 'vitest';
import { parsePylock } from './pylock.ts';
import { parseUvLock } from './uv-lock.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

describe('pylock.toml', () => {
  test('gives packages with their files', () => {
    const text = `
lock-version = "1.0"
requires-python = ">=3.9"
created-by = "uv"
[[packages]]
name = "demo"
version = "1.0"
marker = "os_name == 'posix'"
index = "https://index.example/simple"
sdist = { url = "https://files.example.org/x/demo-1.0.tar.gz#sha256=1", upload-time = 2024-01-01T00:00:00Z, size = 10, hashes = { sha256 = "${A}" } }
wheels = [{ name = "demo-1.0-py3-none-any.whl", url = "https://files.example.org/y/renamed", hashes = { sha256 = "${B.toUpperCase()}", md5 = "x" } }]
[[packages]]
name = "flat"
wheels = [{ path = "dist/flat-2.0%2Blocal-py3-none-any.whl", hashes = { sha512 = "x" } }]
[[packages]]
name = "plain"
version = "3"
`;

    expect(parsePylock(text, 'pylock.toml')).toEqual({
      packages: [
        {
          project: 'demo',
          version: '1.0',
          marker: "os_name == 'posix'",
          files: [
            { filename: 'demo-1.0.tar.gz', sha256: A, size: 10 },
            { filename: 'demo-1.0-py3-none-any.whl', sha256: B },
          ],
        },
        { project: 'flat', version: '2.0+local', files: [{ filename: 'flat-2.0+local-py3-none-any.whl' }] },
        { project: 'plain', version: '3' },
      ],
      skipped: [],
    });
  });

  test('tells what comes from elsewhere', () => {
    const sources = { vcs: 'type = "git"', directory: 'path = "."', archive: 'url = "https://x/a.zip"' };
    const text = Object.entries(sources).map(
      ([kind, field]) => `[[packages]]\nname = "${kind}"\n${kind} = { ${field} }`,
    );

    const { packages, skipped } = parsePylock(`lock-version = "1.0"\n${text.join('\n')}`, 'pylock.toml');

    expect(packages).toEqual([]);
    expect(skipped.map(({ where, reason }) => `${where} ${reason}`)).toEqual([
      'pylock.toml: vcs comes from a repository, not from an index',
      'pylock.toml: directory comes from a directory, not from an index',
      'pylock.toml: archive comes from a URL, not from an index',
    ]);
  });

  test.each([
    ['lock-version = "2.0"\npackages = []', 'pylock.toml: lock-version 2.0 is unknown; known is 1.0'],
    ['lock-version = "1.0"', 'pylock.toml: packages: Invalid input'],
    ['lock-version = "1.0"\n[[packages]]\nname = 7', 'pylock.toml: packages[0].name: Invalid input'],
    ['lock-version = "1.0"\n[[packages]]\nname = "demo"', 'pylock.toml: demo has no version and no files'],
    ['lock-version = "1.0"\n\nx = ', 'pylock.toml:3: '],
  ])('refuses %j', (text, message) => {
    expect(() => parsePylock(text, 'pylock.toml')).toThrow(message);
  });
});

describe('uv.lock', () => {
  test('gives what comes from registries, tells what does not, and leaves out the projects themselves', () => {
    const text = `
version = 1
revision = 3
requires-python = ">=3.9"
[[package]]
name = "application"
version = "0.1"
source = { editable = "." }
[[package]]
name = "workspace"
source = { virtual = "." }
[[package]]
name = "demo"
version = "1.0"
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files.example.org/demo-1.0.tar.gz", hash = "sha256:${A}", size = 10, upload-time = "2024-01-01T00:00:00Z" }
wheels = [
    { url = "https://files.example.org/demo-1.0%2Blocal-py3-none-any.whl", hash = "sha256:${B}", size = 20 },
    { path = "demo-1.0-py2-none-any.whl" },
]
[[package]]
name = "forked"
version = "1.0"
source = { git = "https://example.org/forked?rev=v1#abc" }
[[package]]
name = "direct"
version = "1.0"
source = { url = "https://example.org/direct-1.0.tar.gz" }
`;

    expect(parseUvLock(text, 'uv.lock')).toEqual({
      packages: [
        {
          project: 'demo',
          version: '1.0',
          files: [
            { filename: 'demo-1.0.tar.gz', sha256: A, size: 10 },
            { filename: 'demo-1.0+local-py3-none-any.whl', sha256: B, size: 20 },
            { filename: 'demo-1.0-py2-none-any.whl' },
          ],
        },
      ],
      skipped: [
        { where: 'uv.lock: forked', reason: 'comes from a repository, not from an index' },
        { where: 'uv.lock: direct', reason: 'comes from a URL, not from an index' },
      ],
    });
  });

  test('refuses another version of the format', () => {
    expect(() => parseUvLock('version = 2', 'uv.lock')).toThrow(
      'version 2 of uv.lock is unknown; known is 1',
    );
  });
});
