// Runs devpi's own test suites against the server of this tree.
//
//   node test/conformance/run.ts             all suites
//   node test/conformance/run.ts client      one of them: client, server, views or nginx
//
// Fails if a test fails that expected-failures.txt does not name, or passes although it is named there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChecked } from '../support/run-command.ts';
import { compare, parseExpectedFailures } from './expectations.ts';
import { runSuite } from './run-suite.ts';
import { fetchSuites, suiteLog, suites } from './suites.ts';

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `error: unknown suite ${unknown.join(', ')}\nhint: known are ${suites.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(1);
}

const installer = join(import.meta.dirname, '..', 'support', 'install-clients.ts');
await runChecked([process.execPath, installer, 'pip', 'devpi-server']);
await fetchSuites();
const expected = parseExpectedFailures(
  readFileSync(join(import.meta.dirname, 'expected-failures.txt'), 'utf8'),
);
for (const suite of suites.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
  const startedAt = performance.now();
  const { passed, skipped, failedAsExpected, surprises } = compare(suite, await runSuite(suite), expected);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(
    `${suite.name}: ${passed} passed, ${skipped} skipped, ${failedAsExpected} failed as expected (${seconds} s)`,
  );
  for (const surprise of surprises) console.log(`\n${suite.name}: ${surprise}`);
  if (surprises.length > 0) {
    console.log(`\nthe whole log is in ${suiteLog(suite)}`);
    process.exitCode = 1;
  }
}
