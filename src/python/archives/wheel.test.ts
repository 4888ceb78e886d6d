import { describe, expect, test } from 'vitest';
import { brokenRule, inspectBytes, readerOf, ruleOf } from '#test/archive-file.ts';
import { metadataText, wheel, wheelFilename, wheelFiles, zip, type WheelOptions } from '#test/archives.ts';
import { readWheelMetadata } from './wheel.ts';

const DIST_INFO = 'demo-1.0.dist-info';

async function rule(options: WheelOptions, filename = wheelFilename(options)): Promise<string | undefined> {
  return brokenRule(filename, wheel(options));
}

test('a wheel gives its metadata, and METADATA byte for byte', async () => {
  const options = {
    name: 'My.Pkg',
    version: '1.0+cu118',
    metadata: { 'Requires-Python': '>=3.9' },
    description: 'Hi\r\n',
  };

  const inspected = await inspectBytes(wheelFilename(options), wheel(options));

  expect(inspected).toMatchObject({ kind: 'wheel', project: 'my-pkg', version: '1.0+cu118', findings: [] });
  expect(inspected.metadata?.requires_python).toBe('>=3.9');
  expect(Buffer.from(inspected.metadataBytes ?? []).toString()).toBe(metadataText(options));
});

test.each<[string, WheelOptions, string?]>([
  ['a compressed tag set', { tag: 'py2.py3-none-any' }],
  ['a build tag', { build: '3' }],
  ['another spelling of the name', { name: 'demo_x' }, 'Demo.X-1.0-py3-none-any.whl'],
  ['another spelling of the version', { version: '1.0' }, 'demo-1-py3-none-any.whl'],
  ['the old escape of a local version', { version: '1.0+cu118' }, 'demo-1.0_cu118-py3-none-any.whl'],
  ['a file name with a comma and a quote', { files: { 'demo/a,"b.txt': 'x' } }],
  ['a signature that RECORD does not list', { files: { [`${DIST_INFO}/RECORD.jws`]: '{}' } }],
  [
    'a licence in its place',
    {
      metadata: { 'Metadata-Version': '2.4', 'License-File': 'L' },
      files: { [`${DIST_INFO}/licenses/L`]: '' },
    },
  ],
  ['a licence that older metadata names', { metadata: { 'Metadata-Version': '2.1', 'License-File': 'L' } }],
  ['no line for RECORD in RECORD', { record: withoutLast(1) }],
])('a wheel may have %s', async (_title, options, filename) => {
  expect(await rule(options, filename)).toBeUndefined();
});

const METADATA = 'Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n';

function withoutLast(count: number): string {
  const lines = String(wheelFiles()[`${DIST_INFO}/RECORD`]).trimEnd().split('\n');
  return lines.slice(0, -count).join('\n');
}

describe('a wheel must be what its file name says', () => {
  test.each<[string, WheelOptions, string?]>([
    ['wheel.dist-info-name', {}, 'other-1.0-py3-none-any.whl'],
    ['wheel.dist-info-name', {}, 'demo-1.1-py3-none-any.whl'],
    ['wheel.several-dist-info', { files: { 'demo-2.0.dist-info/METADATA': '' } }],
    ['wheel.missing-file', { files: { [`${DIST_INFO}/METADATA`]: undefined } }],
    ['wheel.missing-file', { files: { [`${DIST_INFO}/WHEEL`]: undefined } }],
    ['wheel.missing-file', { files: { [`${DIST_INFO}/RECORD`]: undefined } }],
    ['wheel.wheel-version', { files: { [`${DIST_INFO}/WHEEL`]: 'Wheel-Version: 2.0\n' } }],
    ['wheel.wheel-version', { files: { [`${DIST_INFO}/WHEEL`]: '' } }],
    ['metadata.name-mismatch', { metadata: { Name: 'other' } }],
    ['metadata.version-mismatch', { metadata: { Version: '2.0' } }],
    ['metadata.missing-field', { metadata: 'Metadata-Version: 2.1\nName: demo\n' }],
    ['wheel.missing-license', { metadata: { 'Metadata-Version': '2.4', 'License-File': 'LICENSE' } }],
    ['wheel.same-name', { files: { 'demo/\u00e9.py': '', 'demo/e\u0301.py': '' } }],
    ['metadata.repeated-field', { metadata: `${METADATA}Name: other\n` }],
    ['metadata.repeated-field', { metadata: `${METADATA}version: 1.0\n` }],
    ['metadata.nul', { metadata: `${METADATA}Summary: a\0b\n` }],
    ['metadata.nul', { metadata: `${METADATA}\ntext\0` }],
    [
      'metadata.not-utf-8',
      { files: { [`${DIST_INFO}/METADATA`]: Buffer.from(`${METADATA}Author: J\xf6rg\n`, 'latin1') } },
    ],
  ])('%s (case %#)', async (expected, options, filename) => {
    expect(await rule(options, filename)).toBe(expected);
  });

  test('a zip without .dist-info is no wheel', async () => {
    expect(await brokenRule(wheelFilename(), zip([{ name: 'a', data: 'x' }]))).toBe('wheel.no-dist-info');
  });
});

describe('RECORD must be right', () => {
  const good = String(wheelFiles()[`${DIST_INFO}/RECORD`]);
  const cases: readonly [string, string][] = [
    ['wheel.record-unlisted-file', good.replace(/^demo\/__init__.*\n/, '')],
    ['wheel.record-missing-file', `${good}ghost.py,,\n`],
    ['wheel.record-duplicate', good + good],
    [
      'wheel.record-hash-mismatch',
      good.replace('sha256=', 'sha256=AAAA').replace(/AAAA(.{39}).{4}/, 'AAAA$1'),
    ],
    ['wheel.record-size-mismatch', good.replace(/,\d+\n/, ',1\n')],
    ['wheel.record-no-hash', good.replace(/sha256=[^,]+/, '')],
    ['wheel.record-hash-algorithm', good.replace('sha256=', 'md5=')],
    ['wheel.record-syntax', 'nonsense'],
    [
      'wheel.record-too-long',
      `${good}${Array.from({ length: 2000 }, (_, index) => `${DIST_INFO}/RECORD.${index},,\n`).join('')}`,
    ],
    ['wheel.record-unlisted-file', ''],
  ];

  test.each(cases)('%s (case %#)', async (expected, record) => {
    expect(await rule({ record })).toBe(expected);
  });

  test.each(cases)('%s is a finding when asked for (case %#)', async (_rule, record) => {
    const inspected = await inspectBytes(wheelFilename(), wheel({ record }), { recordMismatch: 'report' });

    expect(inspected.findings.length).toBeGreaterThan(0);
  });
});

test.each<[string, WheelOptions, string?]>([
  ["'evil.pth' is run at every start of Python", { files: { 'evil.pth': 'import os\n' } }],
  [
    "'demo-1.0.data/purelib/evil.pth' is run at every start of Python",
    { files: { 'demo-1.0.data/purelib/evil.pth': '' } },
  ],
  ["'sitecustomize.py' is run at every start of Python", { files: { 'sitecustomize.py': '' } }],
  [
    "'demo-1.0.data/scripts/python3' replaces the Python interpreter",
    { files: { 'demo-1.0.data/scripts/python3': '' } },
  ],
  [
    "entry point 'python3.12' replaces the Python interpreter",
    {
      files: {
        [`${DIST_INFO}/entry_points.txt`]:
          '[console_scripts]\npython3.12 = demo:main\n[other]\npython = x:y\n',
      },
    },
  ],
  ["'Demo/__init__.py' and 'demo/__init__.py' differ only in case", { files: { 'Demo/__init__.py': '' } }],
  ['the tags in WHEEL differ from those of the file name', {}, 'demo-1.0-cp314-cp314-linux_x86_64.whl'],
])('%s', async (finding, options, filename) => {
  const { findings } = await inspectBytes(filename ?? wheelFilename(options), wheel(options));

  expect(findings.map(sortNames)).toEqual([sortNames(finding)]);
});

function sortNames(finding: string): string {
  return finding.includes(' and ')
    ? finding
        .split(/ and | differ/)
        .toSorted()
        .join()
    : finding;
}

test.each(['demo/python.py', 'demo/a.pth', 'demo-1.0.data/scripts/pythonic', 'demo/sitecustomize.py'])(
  '%s is not suspicious',
  async (name) => {
    const { findings } = await inspectBytes(wheelFilename(), wheel({ files: { [name]: '' } }));

    expect(findings).toEqual([]);
  },
);

test('METADATA is read of wheels of which nothing else is', async () => {
  const metadata = async (options: WheelOptions, filename = wheelFilename()) =>
    Buffer.from(await readWheelMetadata(readerOf(wheel(options)), filename, 'demo')).toString();
  const wrongRecord = { files: { [`${DIST_INFO}/RECORD`]: 'demo/__init__.py,sha256=x,1\n' } };

  expect(await metadata(wrongRecord)).toBe(metadataText());
  expect(await ruleOf(metadata({ version: '2.0' }))).toBe('wheel.dist-info-name');
  expect(await ruleOf(metadata({ metadata: { Name: 'other' } }))).toBe('metadata.name-mismatch');
  expect(await ruleOf(metadata({}, 'demo-1.0.zip'))).toBe('archive.filename');
});
