import type { TestCommand, TestResult } from './test-results.ts';

export interface Line {
  readonly text: string;
  /** Shown red. */
  readonly isBad: boolean;
}

/** A result as devpi-client prints it; with `failures` the commands up to the one that failed, and what that wrote. */
export function describeTestResult(
  { href, environment }: TestResult,
  { failures }: { readonly failures: boolean },
): readonly Line[] {
  if (environment === undefined) return [bad(`corrupt toxresult, skipping: ${href}`)];
  const { host, platform, name, python, setup, test } = environment;
  const place = `${host.padEnd(10)} ${platform.padEnd(7)} ${name.padEnd(10)}`;
  const tested = python === undefined ? place : `${place} ${python}`;
  const failure = {
    setup: describeFailure(`${place} setup failed`, setup, failures),
    test: describeFailure(`${tested} tests failed`, test, failures),
  };
  return [
    ...(setup.length === 0 ? [bad(`${place} no setup was performed`)] : (failure.setup ?? [])),
    ...(test.length === 0
      ? [bad(`${tested} no tests were run`)]
      : (failure.test ?? [good(`${tested} tests passed`)])),
  ];
}

/** Undefined if nothing failed. */
function describeFailure(
  what: string,
  commands: readonly TestCommand[],
  failures: boolean,
): readonly Line[] | undefined {
  const at = commands.findIndex(({ hasFailed }) => hasFailed);
  if (at < 0) return undefined;
  return [bad(what), ...(failures ? describeCommands(commands.slice(0, at + 1)) : [])];
}

function describeCommands(commands: readonly TestCommand[]): readonly Line[] {
  return commands.flatMap(({ command, output, hasFailed }) =>
    hasFailed
      ? [bad(`    FAIL: ${command}`), ...output.split('\n').map((line) => bad(`    ${line}`))]
      : [good(`    OK:  ${command}`)],
  );
}

function good(text: string): Line {
  return { text, isBad: false };
}

function bad(text: string): Line {
  return { text, isBad: true };
}
