/** What became of a test; `detail` is the end of a failure. */
export interface Outcome {
  readonly test: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly detail: string;
}

/** A test that is not expected to pass. */
export interface ExpectedFailure {
  readonly suite: string;
  readonly test: string;
  readonly reason: string;
}

/**
 * Reads the list of expected failures: `[reason]` heads the tests below it, a test is `SUITE Class::function`, `#`
 * starts a comment.
 */
export function parseExpectedFailures(text: string): ExpectedFailure[] {
  const failures: ExpectedFailure[] = [];
  let reason: string | undefined;
  for (const [index, line] of text
    .split('\n')
    .map((each) => each.trim())
    .entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const heading = /^\[(.+)\]$/.exec(line)?.[1];
    const [suite, test, ...rest] = line.split(' ');
    if (heading !== undefined) reason = heading;
    else if (reason === undefined || suite === undefined || test === undefined || rest.length > 0) {
      throw new Error(`line ${index + 1} of the expected failures is no test below a reason: ${line}`);
    } else failures.push({ suite, test, reason });
  }
  return failures;
}

export interface Comparison {
  readonly passed: number;
  readonly skipped: number;
  readonly failedAsExpected: number;
  /** One sentence for each thing that is not as it should be. */
  readonly surprises: readonly string[];
}

/** Holds what happened against the list, which may not name what passes: so it cannot outlive its reasons. */
export function compare(
  suite: { readonly name: string; readonly tests: number },
  outcomes: readonly Outcome[],
  expected: readonly ExpectedFailure[],
): Comparison {
  const listed = new Map(
    expected.filter((each) => each.suite === suite.name).map((each) => [each.test, each]),
  );
  const surprises: string[] = [];
  if (outcomes.length !== suite.tests) surprises.push(`${outcomes.length} tests ran, not ${suite.tests}`);
  for (const { test, outcome, detail } of outcomes) {
    const entry = listed.get(test);
    if (outcome === 'failed' && entry === undefined) surprises.push(`${test} failed\n${detail}`);
    if (outcome !== 'failed' && entry !== undefined) {
      surprises.push(`${test} ${outcome}, but is expected to fail (${entry.reason}): take it off the list`);
    }
  }
  for (const test of listed.keys()) {
    if (!outcomes.some((each) => each.test === test))
      surprises.push(`${test} is listed, but there is no such test`);
  }
  const count = (outcome: Outcome['outcome']) => outcomes.filter((each) => each.outcome === outcome).length;
  return {
    passed: count('passed'),
    skipped: count('skipped'),
    failedAsExpected: outcomes.filter(({ test, outcome }) => outcome === 'failed' && listed.has(test)).length,
    surprises,
  };
}
