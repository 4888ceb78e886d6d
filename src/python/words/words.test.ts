import { describe, expect, test } from 'vitest';
import { parseRequirement } from '../requirements/parse-requirement.ts';
import { describeArchive } from './describe-archive.ts';
import { describePythonVersions } from './describe-python-versions.ts';
import { describeRequirement } from './describe-requirement.ts';

describe('archives', () => {
  test.each([
    ['py3-none-any', 'any Python 3'],
    ['py2.py3-none-any', 'any Python 2 or 3'],
    ['py38-none-any', 'Python 3.8 or newer'],
    ['cp314-cp314-manylinux_2_28_aarch64', 'CPython 3.14, Linux arm64, glibc 2.28 or newer'],
    ['cp314-cp314t-win_arm64', 'CPython 3.14, free-threaded, Windows arm64'],
    ['cp312-abi3-macosx_11_0_arm64', 'CPython 3.12 or newer, macOS 11 or newer, Apple silicon'],
    ['cp315-abi3t-win_amd64', 'CPython 3.15 or newer, free-threaded, Windows x86-64'],
    ['cp315-abi3.abi3t-win32', 'CPython 3.15 or newer, Windows 32-bit'],
    ['cp311-none-any', 'CPython 3.11'],
    ['cp39.cp310-none-any', 'CPython 3.9 or 3.10'],
    ['cp27-cp27mu-manylinux1_i686', 'CPython 2.7, Linux x86 32-bit, glibc 2.5 or newer'],
    ['pp39-pypy39_pp73-macosx_10_9_x86_64', 'PyPy 3.9, macOS 10.9 or newer, Intel'],
    ['graalpy311-graalpy240_311_native-linux_x86_64', 'GraalPy 3.11, Linux x86-64'],
    ['py3-none-musllinux_1_2_x86_64', 'any Python 3, Linux x86-64, musl 1.2 or newer'],
    [
      'cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64',
      'CPython 3.11, Linux x86-64, glibc 2.17 or newer',
    ],
    [
      'cp311-cp311-manylinux_2_5_x86_64.manylinux1_x86_64.manylinux_2_17_x86_64',
      'CPython 3.11, Linux x86-64, glibc 2.5 or newer',
    ],
    [
      'py3-none-manylinux_2_17_aarch64.musllinux_1_1_aarch64',
      'any Python 3, Linux arm64, glibc 2.17 or newer or Linux arm64, musl 1.1 or newer',
    ],
    ['cp312-cp312-macosx_10_13_universal2', 'CPython 3.12, macOS 10.13 or newer, Apple silicon and Intel'],
    ['cp314-cp314-android_24_arm64_v8a', 'CPython 3.14, Android arm64, API level 24 or newer'],
    ['cp314-cp314-ios_13_0_arm64_iphoneos', 'CPython 3.14, iOS 13 or newer, arm64'],
    ['cp314-cp314-ios_13_0_arm64_iphonesimulator', 'CPython 3.14, iOS simulator 13 or newer, arm64'],
    ['cp313-cp313-pyodide_2025_0_wasm32', 'CPython 3.13, Pyodide 2025.0 WebAssembly'],
    ['cp314-cp314-plan9_mips', 'CPython 3.14, plan9_mips'],
    ['xx3-none-any', 'xx3'],
  ])('%s is for %s', (tags, words) => {
    expect(describeArchive(`demo-1.0-${tags}.whl`)).toBe(words);
  });

  test.each([
    ['demo-1.0.tar.gz', 'source'],
    ['demo-1.0-py3-none-any-cu13.whl', 'any Python 3, variant cu13'],
    ['demo-1.0.win-amd64-py3.6.msi', 'Windows installer'],
    ['demo-1.0-py3.9.egg', 'egg, which pip does not install'],
    ['nothing', ''],
  ])('%s: %s', (filename, words) => {
    expect(describeArchive(filename)).toBe(words);
  });
});

test.each([
  ['>=3.10', '3.10 or newer'],
  ['>= 3.8, <4', '3.8 or newer, older than 4'],
  ['>=2.7,!=3.0.*,!=3.1.*', '2.7 or newer, not 3.0, 3.1'],
  ['==3.9.*', '3.9'],
  ['==3.9.1', '3.9.1'],
  ['~=3.8', '3.8 or newer of 3'],
  ['~=3.8.1', '3.8.1 or newer of 3.8'],
  ['>3.8,<=3.12', 'newer than 3.8, 3.12 or older'],
  ['', ''],
  ['three <b>', 'three <b>'],
])('Python %j is %j', (specifier, words) => {
  expect(describePythonVersions(specifier)).toBe(words);
});

describe('requirements', () => {
  const described = (text: string) => {
    const requirement = parseRequirement(text);
    return requirement && describeRequirement(requirement);
  };

  test.each([
    ['click', { name: 'click', project: 'click', extras: [], versions: '', when: '', broughtBy: [] }],
    ['Typing_Extensions>=4.9', { name: 'Typing_Extensions', project: 'typing-extensions', versions: '≥4.9' }],
    ['click >= 8.1 , < 9', { versions: '≥8.1,<9' }],
    ['zope.interface (>=3.6,!=4.0)', { name: 'zope.interface', versions: '≥3.6,≠4.0' }],
    ['uvicorn[standard, http2]~=0.30', { extras: ['standard', 'http2'], versions: '~=0.30' }],
    ['tomli>=2; python_version < "3.11"', { versions: '≥2', when: 'Python < 3.11' }],
    ["colorama ; sys_platform == 'win32'", { when: 'on Windows' }],
    ["a; platform_system != 'Darwin'", { when: 'not on macOS' }],
    ["a; '3.8' <= python_full_version", { when: 'Python ≥ 3.8' }],
    ["a; python_version == '3.8' or python_version == '3.9'", { when: 'Python 3.8 or Python 3.9' }],
    ["pytest; extra == 'test'", { when: '', broughtBy: ['test'] }],
    ["pytest; extra == 'test' or extra == 'dev'", { when: '', broughtBy: ['test', 'dev'] }],
    ["pytest; (python_version < '3.9') and extra == 'test'", { when: 'Python < 3.9', broughtBy: ['test'] }],
    [
      "a; (os_name == 'nt' or implementation_name == 'pypy') and platform_machine == 'x86_64'",
      { when: '(on Windows or with PyPy) and on x86_64' },
    ],
    ["a; platform_release not  in '5 6'", { when: 'platform_release not in "5 6"' }],
    ['a @ https://x.example/a.zip', { url: 'https://x.example/a.zip', versions: '' }],
    [
      "a[b] @ https://x.example/a.zip ; os_name == 'nt'",
      { url: 'https://x.example/a.zip', when: 'on Windows' },
    ],
    ['a===1.0+x', { versions: '===1.0+x' }],
  ])('%s', (text, expected) => {
    expect(described(text)).toMatchObject(expected);
  });

  test.each([
    '',
    '-e .',
    'a b',
    'a >=',
    'a ; ',
    'a ; python_version',
    "a ; python_version < '3' and",
    "a ; (os_name == 'nt'",
    "a ; 'x' == 'y'",
    `a ; ${'('.repeat(1000)}`,
    `a ; ${"os_name == 'nt' or ".repeat(300)}os_name == 'nt'`,
    `a${' '.repeat(50_000)}b`,
    `${'a'.repeat(50_000)} b`,
    '<script>',
  ])('%j is none', (text) => {
    expect(described(text)).toBeUndefined();
  });
});
