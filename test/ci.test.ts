import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#kernel/process/run.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';

const countTests = join(import.meta.dirname, '..', '.ci', 'count-tests.ts');
const file = (status: string, ...statuses: string[]) => ({
  name: 'some.test.ts',
  status,
  assertionResults: statuses.map((each) => ({ fullName: `a test that is ${each}`, status: each })),
});

test.each([
  ['all pass', [file('passed', 'passed', 'passed')], 0, '2 passed, 0 failed\n'],
  ['one fails', [file('failed', 'passed', 'failed')], 1, '1 passed, 1 failed\n'],
  [
    'one is skipped',
    [file('passed', 'passed', 'skipped')],
    1,
    'skipped, which is a failure here: a test that is skipped\n1 passed, 1 failed\n',
  ],
  [
    'one is yet to be written',
    [file('passed', 'todo')],
    1,
    'skipped, which is a failure here: a test that is todo\n0 passed, 1 failed\n',
  ],
  [
    'a file cannot be loaded',
    [file('passed', 'passed'), file('failed')],
    1,
    'failed outside of its tests: some.test.ts\n1 passed, 1 failed\n',
  ],
  ['nothing ran', undefined, 1, 'the tests wrote no report\n0 passed, 1 failed\n'],
])('the count of CI tells the truth when %s', async (_when, testResults, exitCode, stdout) => {
  await using directory = await makeTemporaryDirectory();
  const report = join(directory.path, 'report.json');
  await writeFile(report, testResults === undefined ? '' : JSON.stringify({ testResults }));

  expect(await run([process.execPath, countTests, report])).toEqual({ exitCode, stdout, stderr: '' });
});
