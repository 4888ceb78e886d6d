import { expect, test } from 'vitest';
import { parseTarget } from '#python/tags/target.ts';
import type { Build } from '../model/build.ts';
import { deriveMatrix, type MatrixCell } from './derive-matrix.ts';
import type { SourceFile } from './need.ts';

const TARGETS = ['cp39-linux_x86_64', 'cp311-linux_x86_64', 'cp313-linux_x86_64'];

const sdist = (version: string, rest: Partial<SourceFile> = {}): SourceFile => ({
  filename: `demo-${version}.tar.gz`,
  version,
  yanked: false,
  sha256: `sha256 of ${version}`,
  origin: 'source',
  ...rest,
});
const wheel = (version: string, tags: string, rest: Partial<SourceFile> = {}): SourceFile =>
  sdist(version, { filename: `demo-${version}-${tags}.whl`, ...rest });

function build(id: number, target: string, rest: Partial<Build>): Build {
  return {
    id,
    indexId: 1,
    project: 'demo',
    version: '1.0',
    target,
    sdist: { filename: 'demo-1.0.tar.gz', sha256: 'sha256 of 1.0', path: '/a/b/demo-1.0.tar.gz' },
    builder: 'farm',
    state: 'failed',
    leaseUntil: 0,
    startedAt: 0,
    endedAt: 1,
    seconds: 1,
    failure: 'build-fails',
    detail: null,
    retryAt: null,
    record: null,
    log: null,
    ...rest,
  };
}

function cells(
  files: readonly SourceFile[],
  builds: readonly Build[] = [],
  mode: 'missing' | 'everything' = 'missing',
): string[][] {
  const state = {
    files,
    targets: TARGETS.map((target) => parseTarget(target)),
    specifier: '',
    mode,
    allowPrereleases: false,
    skips: [],
    records: builds.map(({ version, target, sdist: { sha256 }, state: reached, retryAt }) => ({
      version,
      target,
      sdistSha256: sha256 ?? '',
      state: reached === 'running' || reached === 'succeeded' ? reached : ('failed' as const),
      retryAfter: retryAt,
    })),
    watchedAt: 0,
  };
  const { targets, rows } = deriveMatrix({
    state,
    builds,
    builtBy: new Map([['demo-1.0-cp39-abi3-linux_x86_64.whl', 7]]),
  });
  expect(targets).toEqual(TARGETS);
  return rows.map((row) => [row.version, ...TARGETS.map((target) => said(row.cells.get(target)))]);
}

function said(cell: MatrixCell | undefined): string {
  if (cell?.kind === 'built') return `built by ${cell.build}`;
  if (cell?.kind === 'failed') return `failed as ${cell.build.id}`;
  if (cell?.kind === 'waiting' && cell.last !== undefined) return `again after ${cell.last.id}`;
  return cell?.kind ?? 'nothing';
}

test.each<readonly [string, readonly SourceFile[], readonly Build[], readonly string[]]>([
  ['an sdist alone', [sdist('1.0')], [], ['waiting', 'waiting', 'waiting']],
  [
    'a Python that the release does not admit',
    [sdist('1.0', { requiresPython: '>=3.10' })],
    [],
    ['not-wanted', 'waiting', 'waiting'],
  ],
  [
    'a wheel of the stable ABI, built here',
    [sdist('1.0'), wheel('1.0', 'cp39-abi3-linux_x86_64', { origin: 'farm' })],
    [],
    ['built by 7', 'built by 7', 'built by 7'],
  ],
  [
    'wheels of upstream, one of them yanked',
    [
      sdist('1.0'),
      wheel('1.0', 'cp311-cp311-manylinux_2_17_x86_64'),
      wheel('1.0', 'cp313-cp313-manylinux_2_17_x86_64', { yanked: true }),
    ],
    [],
    ['waiting', 'upstream', 'waiting'],
  ],
  [
    'builds that run, failed for good, and may be tried again',
    [sdist('1.0')],
    [
      build(1, 'cp39-linux_x86_64', { state: 'running', failure: null }),
      build(2, 'cp311-linux_x86_64', {}),
      build(3, 'cp313-linux_x86_64', { retryAt: 5 }),
    ],
    ['running', 'failed as 2', 'again after 3'],
  ],
  [
    'a failure of another sdist',
    [sdist('1.0', { sha256: 'other' })],
    [build(2, 'cp311-linux_x86_64', {})],
    ['waiting', 'again after 2', 'waiting'],
  ],
  [
    'a version in another spelling',
    [sdist('1.0')],
    [build(2, 'cp311-linux_x86_64', { version: '1.0.0' })],
    ['waiting', 'failed as 2', 'waiting'],
  ],
])('%s', (_what, files, builds, expected) => {
  expect(cells(files, builds)).toEqual([['1.0', ...expected]]);
});

test('where everything is built, wheels of upstream serve nobody', () => {
  const files = [sdist('1.0'), wheel('1.0', 'py3-none-any')];
  expect(cells(files)).toEqual([['1.0', 'upstream', 'upstream', 'upstream']]);
  expect(cells(files, [], 'everything')).toEqual([['1.0', 'waiting', 'waiting', 'waiting']]);
});
