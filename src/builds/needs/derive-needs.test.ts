import { describe, expect, test } from 'vitest';
import { parseFilename } from '#python/names/filename.ts';
import { parseTarget } from '#python/tags/target.ts';
import { deriveNeeds, type ProjectState } from './derive-needs.ts';
import type { BuildRecord, SourceFile } from './need.ts';

const SDIST = 'demo-1.0.tar.gz';
const WATCHED_AT = 1000;

function file(filename: string, overrides: Partial<SourceFile> = {}): SourceFile {
  const { version = '' } = parseFilename(filename, 'demo') ?? {};
  return {
    filename,
    version,
    yanked: false,
    uploadedAt: 1,
    sha256: `sha of ${filename}`,
    origin: 'source',
    ...overrides,
  };
}

/** `1.0-py3-none-any` is a wheel of the source index; a wheel of the farm begins with `farm:`. */
function files(...texts: (string | SourceFile)[]): SourceFile[] {
  return texts.map((text) => {
    if (typeof text !== 'string') return text;
    if (text.startsWith('demo-')) return file(text);
    const origin = text.startsWith('farm:') ? 'farm' : 'source';
    return file(`demo-${text.replace('farm:', '')}.whl`, { origin });
  });
}

function record(overrides: Partial<BuildRecord> = {}): BuildRecord {
  return {
    version: '1.0',
    target: 'cp311-linux_x86_64',
    sdistSha256: `sha of ${SDIST}`,
    state: 'failed',
    retryAfter: null,
    ...overrides,
  };
}

function project(overrides: Partial<ProjectState> = {}, targets = ['cp39', 'cp311', 'cp313']): ProjectState {
  return {
    files: files(SDIST),
    targets: targets.map((target) => parseTarget(target, 'linux_x86_64')),
    specifier: '',
    mode: 'missing',
    allowPrereleases: false,
    skips: [],
    records: [],
    watchedAt: WATCHED_AT,
    ...overrides,
  };
}

/** `1.0 cp39`, and the platform where it is another. */
function needed(overrides: Partial<ProjectState>, targets?: string[]): string[] {
  return deriveNeeds(project(overrides, targets)).map(
    ({ version, target }) => `${version} ${target.replace('-linux_x86_64', '')}`,
  );
}

test('a need says all that a builder is told', () => {
  expect(deriveNeeds(project({}, ['cp311']))).toEqual([
    {
      version: '1.0',
      target: 'cp311-linux_x86_64',
      sdist: file(SDIST),
      rank: 2,
      releasedAt: 1,
      isAlone: true,
      notBefore: 0,
    },
  ]);
});

test('targets come in the order of their numbers', () => {
  expect(needed({}, ['cp313t', 'cp311', 'cp39', 'cp310', 'cp313'])).toEqual([
    '1.0 cp39',
    '1.0 cp310',
    '1.0 cp311',
    '1.0 cp313',
    '1.0 cp313t',
  ]);
});

describe('a wheel covers', () => {
  test.each<[string, (string | SourceFile)[], string[]]>([
    ['nothing, if there is none', [], ['cp39', 'cp311', 'cp313']],
    ['every target, if it is pure', ['1.0-py3-none-any'], []],
    ['every target, if it is of Python 2 and 3', ['1.0-py2.py3-none-any'], []],
    ['none, if it is of Python 2', ['1.0-py2-none-any'], ['cp39', 'cp311', 'cp313']],
    ['newer targets, if it is of a newer Python 3', ['1.0-py311-none-any'], ['cp39']],
    ['its own target, if it has an ABI', ['1.0-cp311-cp311-linux_x86_64'], ['cp39', 'cp313']],
    ['its own target, if it has none but a CPython', ['1.0-cp311-none-any'], ['cp39', 'cp313']],
    [
      'its own target and newer ones, if its ABI is stable',
      ['1.0-cp311-abi3-manylinux2014_x86_64'],
      ['cp39'],
    ],
    ['nothing of another processor', ['1.0-cp311-abi3-manylinux2014_aarch64'], ['cp39', 'cp311', 'cp313']],
    [
      'nothing of another system',
      ['1.0-cp311-abi3-win_amd64', '1.0-cp39-abi3-musllinux_1_2_x86_64'],
      ['cp39', 'cp311', 'cp313'],
    ],
    ['what several of them do', ['1.0-cp39-cp39-linux_x86_64', '1.0-cp313-abi3-linux_x86_64'], ['cp311']],
    ['with a build number', ['1.0-2-py3-none-any'], []],
    ['not with a variant', ['1.0-py3-none-any-cu13'], ['cp39', 'cp311', 'cp313']],
    ['nothing of another version', ['1.1-py3-none-any'], ['cp39', 'cp311', 'cp313']],
    ['the same version in another spelling', ['v1.0.0-py3-none-any'], []],
    [
      'not the Pythons that its Requires-Python excludes',
      [file('demo-1.0-py3-none-any.whl', { requiresPython: '>=3.12' })],
      ['cp39', 'cp311'],
    ],
    [
      'nothing, if it is yanked',
      [file('demo-1.0-py3-none-any.whl', { yanked: true })],
      ['cp39', 'cp311', 'cp313'],
    ],
    ['even yanked, if it is ours', [file('demo-1.0-py3-none-any.whl', { yanked: true, origin: 'farm' })], []],
    [
      'nothing, if it is an egg',
      ['demo-1.0-py3.9.egg', 'demo-1.0.linux-x86_64.tar.gz'],
      ['cp39', 'cp311', 'cp313'],
    ],
  ])('%s', (_what, wheels, expected) => {
    expect(needed({ files: files(SDIST, ...wheels) })).toEqual(expected.map((target) => `1.0 ${target}`));
  });

  test('not a free-threaded build by the stable ABI of the other', () => {
    const wheel = '1.0-cp39-abi3-linux_x86_64';

    expect(needed({ files: files(SDIST, wheel) }, ['cp313', 'cp313t'])).toEqual(['1.0 cp313t']);
  });

  test('one platform and never the other', () => {
    const wheel = '1.0-cp311-cp311-linux_aarch64';

    expect(needed({ files: files(SDIST, wheel) }, ['cp311', 'cp311-linux_aarch64'])).toEqual(['1.0 cp311']);
  });

  test.each<[string, string[], string[]]>([
    ['no wheel of upstream', ['1.0-py3-none-any'], ['1.0 cp39', '1.0 cp311', '1.0 cp313']],
    ['a pure one of ours', ['1.0-py3-none-any', 'farm:1.0-py3-none-any'], []],
    [
      'a compiled one of ours',
      ['1.0-py3-none-any', 'farm:1.0-cp311-cp311-linux_x86_64'],
      ['1.0 cp39', '1.0 cp313'],
    ],
  ])('when everything is built: %s', (_what, wheels, expected) => {
    expect(needed({ files: files(SDIST, ...wheels), mode: 'everything' })).toEqual(expected);
  });
});

describe('what can be built:', () => {
  test.each<[string, (string | SourceFile)[], string[]]>([
    ['nothing of no files', [], []],
    ['nothing without an sdist', ['1.0-cp39-cp39-linux_x86_64'], []],
    ['nothing of what only looks like an sdist', ['demo-1.0.linux-x86_64.tar.gz', 'demo-1.0-1.src.rpm'], []],
    ['nothing of a yanked sdist', [file(SDIST, { yanked: true })], []],
    ['the other sdist of a yanked one', [file(SDIST, { yanked: true }), 'demo-1.0.zip'], ['demo-1.0.zip']],
    ['the tar before the zip', ['demo-1.0.zip', SDIST], [SDIST]],
    ['the zip, if there is no tar.gz', ['demo-1.0.tar.bz2', 'demo-1.0.zip'], ['demo-1.0.zip']],
    [
      'an sdist that came after the wheels',
      ['1.0-cp39-cp39-linux_x86_64', file(SDIST, { uploadedAt: 9e9 })],
      [SDIST],
    ],
    ['versions of two spellings once', [SDIST, 'demo-1.0.0.zip'], [SDIST]],
    ['nothing of what is no version', ['demo-dev.tar.gz', 'demo-2004d-beta7x.zip', 'demo-final.tar.gz'], []],
    ['old spellings of versions', ['demo-1.0-1.tar.gz'], ['demo-1.0-1.tar.gz']],
  ])('%s', (_what, given, expected) => {
    const sdists = deriveNeeds(project({ files: files(...given) }, ['cp311'])).map(
      ({ sdist }) => sdist.filename,
    );

    expect(sdists).toEqual(expected);
  });

  test.each([
    [undefined, ['cp39', 'cp311', 'cp313']],
    ['>=3.10', ['cp311', 'cp313']],
    ['>=3.11.4', ['cp311', 'cp313']],
    ['<3.11', ['cp39']],
    ['>=3.6.*', ['cp39', 'cp311', 'cp313']],
    ['>=3.14', []],
  ])('Requires-Python %s admits %j', (requiresPython, expected) => {
    expect(needed({ files: [file(SDIST, { requiresPython })] })).toEqual(
      expected.map((target) => `1.0 ${target}`),
    );
  });

  test.each<[string, string[], Partial<ProjectState>, string[]]>([
    ['all versions', ['1.0', '2.0'], {}, ['2.0', '1.0']],
    ['what the specifier admits', ['1.0', '2.0', '3.0'], { specifier: '>=2,!=3.*' }, ['2.0']],
    ['nothing by a malformed specifier', ['1.0'], { specifier: '>=banana' }, []],
    ['no pre-releases beside others', ['1.0', '2.0rc1', '2.0.dev1'], {}, ['1.0']],
    ['pre-releases that are allowed', ['1.0', '2.0rc1'], { allowPrereleases: true }, ['2.0rc1', '1.0']],
    [
      'pre-releases that the specifier names',
      ['1.0', '2.0rc1', '2.0'],
      { specifier: '>=2.0a1' },
      ['2.0', '2.0rc1'],
    ],
    ['pre-releases, if there is nothing else', ['1.0a1', '1.0b1'], {}, ['1.0b1', '1.0a1']],
    ['pre-releases, if nothing else is admitted', ['1.0', '2.0rc1'], { specifier: '>1.5' }, ['2.0rc1']],
    ['post-releases and epochs', ['1.0.post1', '1!0.1'], {}, ['1!0.1', '1.0.post1']],
  ])('%s', (_what, versions, overrides, expected) => {
    const given = files(...versions.map((version) => `demo-${version}.tar.gz`));

    expect(needed({ files: given, ...overrides }, ['cp311'])).toEqual(
      expected.map((version) => `${version} cp311`),
    );
  });

  test('pre-releases, if all others are yanked', () => {
    const given = [file(SDIST, { yanked: true }), file('demo-2.0rc1.tar.gz')];

    expect(needed({ files: given }, ['cp311'])).toEqual(['2.0rc1 cp311']);
  });

  test('pre-releases, if upstream has nothing else any more', () => {
    const given = files('farm:1.0-py3-none-any', 'demo-2.0rc1.tar.gz');

    expect(needed({ files: given }, ['cp311'])).toEqual(['2.0rc1 cp311']);
  });

  test('no pre-releases beside a release of wheels alone', () => {
    expect(needed({ files: files('1.0-py3-none-any', 'demo-2.0rc1.tar.gz') }, ['cp311'])).toEqual([]);
  });
});

test.each<[string, ProjectState['skips'], string[]]>([
  ['everything', [{ reason: 'gone' }], []],
  ['a version', [{ version: '1.0.0', reason: 'broken' }], ['2.0 cp311', '2.0 cp313']],
  ['a target', [{ target: 'cp311-linux_x86_64', reason: 'end of life' }], ['2.0 cp313', '1.0 cp313']],
  [
    'a target of another platform',
    [{ target: 'cp311-linux_aarch64', reason: 'slow' }],
    ['2.0 cp311', '2.0 cp313', '1.0 cp311', '1.0 cp313'],
  ],
  [
    'one of one',
    [{ version: '2.0', target: 'cp311-linux_x86_64', reason: 'hangs' }],
    ['2.0 cp313', '1.0 cp311', '1.0 cp313'],
  ],
])('a skip of %s', (_what, skips, expected) => {
  expect(needed({ files: files(SDIST, 'demo-2.0.tar.gz'), skips }, ['cp311', 'cp313'])).toEqual(expected);
});

describe('after a build', () => {
  test.each<[string, BuildRecord[], number | undefined]>([
    ['that runs, none', [record({ state: 'running' })], undefined],
    ['of another sdist that runs, none', [record({ state: 'running', sdistSha256: 'other' })], undefined],
    ['that failed for good, none', [record()], undefined],
    ['that failed without a time, none', [record({ retryAfter: undefined })], undefined],
    ['that failed for a while, a later one', [record({ retryAfter: 5000 })], 5000],
    ['of another sdist that failed, another', [record({ sdistSha256: 'other' })], 0],
    ['of another target that failed, another', [record({ target: 'cp313-linux_x86_64' })], 0],
    ['of another platform that failed, another', [record({ target: 'cp311-linux_aarch64' })], 0],
    ['of another version that failed, another', [record({ version: '1.1' })], 0],
    ['that failed under another spelling, none', [record({ version: '1.0.0' })], undefined],
    ['that succeeded and whose wheel is gone, another', [record({ state: 'succeeded' })], 0],
    [
      'that failed, then succeeded, and whose wheel is gone, another',
      [record(), record({ state: 'succeeded' })],
      0,
    ],
    ['that failed for a while, then for good, none', [record({ retryAfter: 5000 }), record()], undefined],
  ])('%s', (_what, records, notBefore) => {
    const needs = deriveNeeds(project({ records }, ['cp311']));

    expect(needs.map((need) => need.notBefore)).toEqual(notBefore === undefined ? [] : [notBefore]);
  });

  test('of an sdist without a digest that failed for good, none', () => {
    expect(needed({ files: [file(SDIST, { sha256: undefined })], records: [record()] }, ['cp311'])).toEqual(
      [],
    );
  });

  test('whose wheel is there, none', () => {
    const given = files(SDIST, 'farm:1.0-cp311-cp311-linux_x86_64');

    expect(needed({ files: given, records: [record({ state: 'succeeded' })] }, ['cp311'])).toEqual([]);
  });
});

test.each<[string, string[], boolean]>([
  ['until something is known', [], true],
  ['not after a wheel of one CPython', ['farm:1.0-cp39-cp39-linux_x86_64'], false],
  ['not when upstream has wheels of one CPython each', ['1.0-cp311-cp311-macosx_11_0_arm64'], false],
  ['after a stable one that is too new for a target', ['farm:1.0-cp314-abi3-linux_x86_64'], true],
  ['when upstream has stable ones of another system', ['1.0-cp39-abi3-win_amd64'], true],
  [
    'not when ours are compiled, though upstream has a pure one',
    ['1.0-py3-none-any', 'farm:1.0-cp39-cp39-linux_x86_64'],
    false,
  ],
  ['whatever another version was', ['farm:0.9-cp39-cp39-linux_x86_64'], true],
])('a version is built for one target at a time %s', (_when, wheels, isAlone) => {
  const needs = deriveNeeds(
    project({ files: files(SDIST, ...wheels), mode: 'everything' }, ['cp311', 'cp313']),
  );

  expect(needs.map((need) => need.isAlone)).toEqual([isAlone, isAlone]);
});

test('new releases come first, then the backlog, the newest before', () => {
  const uploads: [version: string, uploadedAt: number | undefined][] = [
    ['1.0', 10],
    ['1.1', WATCHED_AT],
    ['1.2', 2000],
    ['0.9.1', 3000],
    ['0.1', undefined],
    ['0.2', undefined],
  ];
  const given = uploads.map(([version, uploadedAt]) => file(`demo-${version}.tar.gz`, { uploadedAt }));

  expect(
    deriveNeeds(project({ files: given }, ['cp311'])).map(({ version, rank, releasedAt }) => [
      version,
      rank,
      releasedAt,
    ]),
  ).toEqual([
    ['0.9.1', 1, 3000],
    ['1.2', 1, 2000],
    ['1.1', 2, WATCHED_AT],
    ['1.0', 2, 10],
    ['0.2', 2, 0],
    ['0.1', 2, 0],
  ]);
});

test('what somebody asked for has the first rank', () => {
  const needs = deriveNeeds(project({ requests: [{ version: '1', target: 'cp311-linux_x86_64' }] }));

  expect(needs.map(({ target, rank }) => [target, rank])).toEqual([
    ['cp39-linux_x86_64', 2],
    ['cp311-linux_x86_64', 0],
    ['cp313-linux_x86_64', 2],
  ]);
});

test('names that nobody can read are left alone', () => {
  const names = [
    '',
    '.whl',
    '-',
    'demo.whl',
    'de mo-1.0-py3-none-any.whl',
    'demo-1.0-cp311.whl',
    '../demo-1.0.tar.gz',
  ];
  const given = names.map((filename) => ({ ...file(SDIST), filename }));

  expect(needed({ files: [...given, file(SDIST)] }, ['cp311'])).toEqual(['1.0 cp311']);
});

test('ten thousand versions and six targets are a matter of milliseconds', () => {
  const given = Array.from({ length: 10_000 }, (_, number) => file(`demo-${number % 50}.${number}.tar.gz`));
  const wheels = given
    .slice(5000)
    .map(({ version }) => file(`demo-${version}-cp39-abi3-manylinux2014_x86_64.whl`));
  const state = project({ files: [...given, ...wheels] }, [
    'cp39',
    'cp310',
    'cp311',
    'cp312',
    'cp313',
    'cp313t',
  ]);

  const start = performance.now();
  const needs = deriveNeeds(state);

  expect(needs).toHaveLength(5000 * 6 + 5000);
  // Some 40 ms on a quiet machine; what grows with the square takes minutes.
  expect(performance.now() - start).toBeLessThan(5000);
});
