import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { compare, parseExpectedFailures } from '../conformance/expectations.ts';
import { runSuite } from '../conformance/run-suite.ts';
import { fetchSuites, suites } from '../conformance/suites.ts';

const list = join(import.meta.dirname, '..', 'conformance', 'expected-failures.txt');

const LIMIT_MS = 600_000;

describe('devpi’s own test suites', () => {
  beforeAll(fetchSuites);

  test.each(suites)('pass against this server: $name', { timeout: LIMIT_MS }, async (suite) => {
    const outcomes = await runSuite(suite);

    expect(compare(suite, outcomes, parseExpectedFailures(readFileSync(list, 'utf8'))).surprises).toEqual([]);
  });
});
