import { describe, expect, it, test } from 'vitest';
import { parseRequirements } from './requirements.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

describe('requirements', () => {
  test.each<[text: string, packages: unknown[]]>([
    ['demo==1.0', [{ project: 'demo', version: '1.0' }]],
    ['demo == 1.0  # why', [{ project: 'demo', version: '1.0' }]],
    ['Demo.App[a,b]==1.0', [{ project: 'Demo.App', version: '1.0' }]],
    ['demo===1.0+weird', [{ project: 'demo', version: '1.0+weird' }]],
    ['demo (==1.0)', [{ project: 'demo', version: '1.0' }]],
    ['demo>=1,==1.5', [{ project: 'demo', version: '1.5' }]],
    [
      'demo==1.0 ; python_version < "3.9"',
      [{ project: 'demo', version: '1.0', marker: 'python_version < "3.9"' }],
    ],
    [
      `demo==1.0 ; os_name == "nt" --hash=sha256:${A}`,
      [{ project: 'demo', version: '1.0', marker: 'os_name == "nt"', files: [{ sha256: A }] }],
    ],
    [
      `demo==1.0 \\\n    --hash=sha256:${A} \\\n    --hash=sha256:${B.toUpperCase()}\n    # via app\nnext==2`,
      [
        { project: 'demo', version: '1.0', files: [{ sha256: A }, { sha256: B }] },
        { project: 'next', version: '2' },
      ],
    ],
    // pip-compile once wrote a comment behind a continuation.
    [
      `demo==1.0 \\\n    --hash=sha256:${A} \\\n    # via app\nnext==2`,
      [
        { project: 'demo', version: '1.0', files: [{ sha256: A }] },
        { project: 'next', version: '2' },
      ],
    ],
    ['demo==1.0 --hash=sha512:abc', [{ project: 'demo', version: '1.0' }]],
    [
      '\uFEFFdemo==1.0\r\nnext==2\r\n',
      [
        { project: 'demo', version: '1.0' },
        { project: 'next', version: '2' },
      ],
    ],
    ['-i https://x/simple\n--extra-index-url https://y\n--no-binary :all:\n--pre\n\n# only\n', []],
  ])('reads %j', (text, packages) => {
    expect(parseRequirements(text, 'r.txt')).toEqual({ packages, skipped: [], includes: [], unpinned: [] });
  });

  test.each([
    ['demo', 'demo'],
    ['demo>=1.0', 'demo>=1.0'],
    ['demo==1.*', 'demo==1.*'],
    ['demo~=1.0 --hash=sha256:zz'.replace(' --hash=sha256:zz', ''), 'demo~=1.0'],
  ])('tells that %j names no version', (line, text) => {
    expect(parseRequirements(`\n${line}`, 'r.txt').unpinned).toEqual([
      { project: 'demo', text, where: 'r.txt:2' },
    ]);
  });

  test.each([
    '-e .',
    '--editable ./lib',
    'https://example.org/demo-1.0.zip',
    'git+https://example.org/demo.git@v1',
    './demo-1.0-py3-none-any.whl',
    'demo-1.0-py3-none-any.whl',
    'demo @ https://example.org/demo-1.0.zip',
  ])('leaves out %j, which no index has', (line) => {
    const { packages, skipped } = parseRequirements(line, 'r.txt');

    expect(packages).toEqual([]);
    expect(skipped).toMatchObject([{ where: 'r.txt:1' }]);
  });

  test.each([
    ['-r other.txt', { path: 'other.txt', isConstraints: false }],
    ['-rother.txt', { path: 'other.txt', isConstraints: false }],
    ['--requirement=other.txt', { path: 'other.txt', isConstraints: false }],
    ['-c "limits of all.txt" # why', { path: 'limits of all.txt', isConstraints: true }],
    ['--constraint https://example.org/c.txt', { path: 'https://example.org/c.txt', isConstraints: true }],
  ])('sees the include %j', (line, include) => {
    expect(parseRequirements(line, 'r.txt').includes).toEqual([{ ...include, where: 'r.txt:1' }]);
  });

  test.each([
    ['!!!', 'r.txt:1: !!! is no requirement'],
    ['demo==1 --hash=sha256:short', 'r.txt:1: sha256:short is no sha256'],
  ])('refuses %j', (line, message) => {
    expect(() => parseRequirements(line, 'r.txt')).toThrow(message);
  });

  it('is not slowed down by long lines', () => {
    const start = performance.now();
    parseRequirements(`demo${' '.repeat(200_000)}==1.0 ${'#'.repeat(200_000)}`, 'r.txt');
    parseRequirements(`demo==1.0 ${'--hash '.repeat(30_000)}`, 'r.txt');

    expect(performance.now() - start).toBeLessThan(5000);
  });
});
