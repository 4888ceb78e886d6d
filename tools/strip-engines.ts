// Takes `engines` out of package-lock.json: `npm run lock`. npm holds them against the Node that runs npm, warns, and
// leaves optional packages out in silence (with Node 18 the linter and the bundler); but everything here runs with the
// Node that package.json pins. test/lock-file.test.ts fails while there are any.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Lock {
  readonly packages: Record<string, { engines?: unknown }>;
}

const path = join(import.meta.dirname, '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8')) as Lock;
for (const entry of Object.values(lock.packages)) delete entry.engines;
writeFileSync(path, `${JSON.stringify(lock, undefined, 2)}\n`);
