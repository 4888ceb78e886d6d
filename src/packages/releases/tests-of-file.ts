import type { EnvironmentOutcome, Verdict } from '../tox-results/outcome.ts';
import type { Outcomes } from '../tox-results/outcomes.ts';
import type { ShownFile } from './read-release.ts';

/** How tests of a file went at last, environment by environment. */
export interface TestsOfFile {
  readonly verdict: Verdict;
  /** Failed ones first. */
  readonly environments: readonly EnvironmentOutcome[];
  /** All results, old ones included. */
  readonly results: number;
}

/** How many results of a file are looked into: the newest. */
const MAX_RESULTS = 20;

/** By the name of the file; nothing for files that were not tested. */
export async function readTests(
  outcomes: Outcomes,
  files: readonly ShownFile[],
): Promise<ReadonlyMap<string, TestsOfFile>> {
  const tests = new Map<string, TestsOfFile>();
  for (const { filename, results } of files) {
    if (results.length > 0) tests.set(filename, await readTestsOf(outcomes, results));
  }
  return tests;
}

async function readTestsOf(outcomes: Outcomes, results: ShownFile['results']): Promise<TestsOfFile> {
  const latest = new Map<string, EnvironmentOutcome>();
  for (const result of results.slice(-MAX_RESULTS).toReversed()) {
    for (const environment of (await outcomes.read(result))?.environments ?? []) {
      if (!latest.has(environment.name)) latest.set(environment.name, environment);
    }
  }
  const environments = [...latest.values()].toSorted(
    (a, b) => Number(b.verdict === 'failed') - Number(a.verdict === 'failed') || (a.name < b.name ? -1 : 1),
  );
  const verdicts = environments.map(({ verdict }) => verdict);
  return {
    verdict: verdicts.includes('failed') ? 'failed' : verdicts.includes('passed') ? 'passed' : 'no tests',
    environments,
    results: results.length,
  };
}
