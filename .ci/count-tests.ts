// Reads the JSON report of vitest and prints `N passed, N failed` as the last line, alone. Where nothing may be
// missing a skipped test is one that failed, and so is a file that fails outside of its tests; both are named before.
import { readFileSync } from 'node:fs';

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const report = readFileSync(process.argv[2] ?? '', 'utf8');
const { testResults } = JSON.parse(report || '{"testResults":[]}') as Report;
const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
const passed = tests.filter(({ status }) => status === 'passed');
const failed = tests.filter(({ status }) => status === 'failed');
const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
const broken = testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
);

for (const { fullName } of skipped) console.log(`skipped, which is a failure here: ${fullName}`);
for (const { name } of broken) console.log(`failed outside of its tests: ${name}`);
if (report === '') console.log('the tests wrote no report');
const failures = failed.length + skipped.length + broken.length + (report === '' ? 1 : 0);
console.log(`${passed.length} passed, ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
