import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unwritableDirectory } from '#test/unwritable-directory.ts';
import { lockDirectory } from './lock-directory.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a directory is locked once, until it is released', () => {
  const lock = lockDirectory(directory);

  expect(lock).toBeDefined();
  expect(lockDirectory(directory)).toBeUndefined();
  lock?.release();
  const again = lockDirectory(directory);
  expect(again).toBeDefined();
  again?.release();
});

test('a directory that does not exist is a failure, not somebody else’s', () => {
  expect(() => lockDirectory(join(directory, 'missing'))).toThrow(/open/i);
});

test('a directory that cannot be written is a failure', () => {
  expect(() => lockDirectory(unwritableDirectory(directory))).toThrow(/open/i);
});

test('the lock of another process counts, and ends with kill -9', async () => {
  const module = JSON.stringify(new URL('./lock-directory.ts', import.meta.url).href);
  const script = `const { lockDirectory } = await import(${module});
    globalThis.lock = lockDirectory(${JSON.stringify(directory)});
    console.log(globalThis.lock === undefined ? 'no' : 'locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = await new Promise<string>((resolve) =>
    child.stdout.once('data', (chunk) => resolve(String(chunk))),
  );
  expect(said.trim()).toBe('locked');

  expect(lockDirectory(directory)).toBeUndefined();
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.kill('SIGKILL');
  await ended;

  const lock = lockDirectory(directory);
  expect(lock).toBeDefined();
  lock?.release();
});
