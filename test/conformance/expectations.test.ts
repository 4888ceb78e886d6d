import { describe, expect, test } from 'vitest';
import { compare, parseExpectedFailures, type Outcome } from './expectations.ts';

const suite = { name: 'client', tests: 2 };
const outcome = (name: string, result: Outcome['outcome']): Outcome => ({
  test: name,
  outcome: result,
  detail: result === 'failed' ? 'E  assert 1 == 2' : '',
});

describe('expected failures of devpi’s suites', () => {
  test('are read with the reason above them', () => {
    const text = '# comment\n\n[push comes later]\nclient A::b\nserver A::b\n[mirror]\nclient C::d\n';

    expect(parseExpectedFailures(text)).toEqual([
      { suite: 'client', test: 'A::b', reason: 'push comes later' },
      { suite: 'server', test: 'A::b', reason: 'push comes later' },
      { suite: 'client', test: 'C::d', reason: 'mirror' },
    ]);
    expect(() => parseExpectedFailures('client A::b\n')).toThrow('line 1');
    expect(() => parseExpectedFailures('[x]\nclient A::b because\n')).toThrow('line 2');
  });

  test('hold when only listed tests fail', () => {
    const outcomes = [outcome('A::b', 'failed'), outcome('A::c', 'passed')];

    expect(compare(suite, outcomes, parseExpectedFailures('[later]\nclient A::b\nserver A::c\n'))).toEqual({
      passed: 1,
      skipped: 0,
      failedAsExpected: 1,
      surprises: [],
    });
  });

  test.each<[string, Outcome[], string, string]>([
    [
      'another test fails',
      [outcome('A::b', 'failed'), outcome('A::c', 'passed')],
      '',
      'A::b failed\nE  assert',
    ],
    [
      'a listed test passes',
      [outcome('A::b', 'passed'), outcome('A::c', 'passed')],
      '[later]\nclient A::b',
      'A::b passed, but is expected to fail (later)',
    ],
    [
      'a listed test is skipped',
      [outcome('A::b', 'skipped'), outcome('A::c', 'passed')],
      '[later]\nclient A::b',
      'A::b skipped, but is expected to fail (later)',
    ],
    [
      'a listed test is gone',
      [outcome('A::b', 'passed'), outcome('A::c', 'passed')],
      '[later]\nclient A::old',
      'A::old is listed, but there is no such test',
    ],
    ['tests are lost', [outcome('A::b', 'passed')], '', '1 tests ran, not 2'],
  ])('do not hold when %s', (_when, outcomes, list, surprise) => {
    const { surprises } = compare(suite, outcomes, parseExpectedFailures(list));

    expect(surprises).toHaveLength(1);
    expect(surprises[0]).toContain(surprise);
  });
});
