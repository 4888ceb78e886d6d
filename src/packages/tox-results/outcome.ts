import type { ToxCommand, ToxEnvironment, ToxReport } from './report.ts';

export type Verdict = 'passed' | 'failed' | 'no tests';

/** How the tests went in one environment of tox. */
export interface EnvironmentOutcome {
  readonly name: string;
  readonly python: string | undefined;
  readonly verdict: Verdict;
}

/** How one run of tox went, in short. */
export interface Outcome {
  readonly host: string;
  readonly platform: string;
  readonly toxVersion: string;
  readonly environments: readonly EnvironmentOutcome[];
  readonly verdict: Verdict;
}

/** More than any real report has; the raw one has them all. */
const MAX_ENVIRONMENTS = 200;

const MAX_NAME = 100;

/** A report in short, of bounded size. */
export function outcomeOf(report: ToxReport): Outcome {
  const environments = environmentsOf(report).map(({ name, environment }) => ({
    name: name.slice(0, MAX_NAME),
    python: environment.python?.version?.split(/\s/)[0]?.slice(0, MAX_NAME),
    verdict: verdictOf(environment),
  }));
  const verdicts = environments.map(({ verdict }) => verdict);
  return {
    host: (report.host ?? '').slice(0, MAX_NAME),
    platform: (report.platform ?? '').slice(0, MAX_NAME),
    toxVersion: (report.toxversion ?? '').slice(0, MAX_NAME),
    environments,
    verdict: verdicts.includes('failed') ? 'failed' : verdicts.includes('passed') ? 'passed' : 'no tests',
  };
}

/** Those that test; tox 4 reports how it built the package as one more, which counts only when that failed. */
export function environmentsOf({
  testenvs = {},
}: ToxReport): { readonly name: string; readonly environment: ToxEnvironment }[] {
  return Object.entries(testenvs)
    .filter(([name, environment]) => !name.startsWith('.') || verdictOf(environment) === 'failed')
    .slice(0, MAX_ENVIRONMENTS)
    .map(([name, environment]) => ({ name, environment }));
}

/** As devpi judges: one command that fails is enough (reference devpi.md 5.5). */
export function verdictOf({ setup = [], test = [], result }: ToxEnvironment): Verdict {
  if ([...setup, ...test].some(hasFailed) || result?.success === false) return 'failed';
  return test.length > 0 || result?.success === true ? 'passed' : 'no tests';
}

export function hasFailed({ retcode }: ToxCommand): boolean {
  return retcode !== undefined && retcode !== null && Number(retcode) !== 0;
}
