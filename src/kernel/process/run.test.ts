import { expect, test } from 'vitest';
import { run } from './run.ts';

const node = process.execPath;

test('a program gets its arguments as they are, without a shell', async () => {
  const odd = ['$HOME', '`id`', 'a b', '*', ';', '"', "'"];

  const result = await run([node, '-p', 'JSON.stringify(process.argv.slice(1))', '--', ...odd]);

  expect(JSON.parse(result.stdout)).toEqual(odd);
});

test('both streams and the exit code are told', async () => {
  const result = await run([node, '-e', 'console.log("out"); console.error("err"); process.exitCode = 3']);

  expect(result).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
});

test('a program that a signal ends has no exit code', async () => {
  expect((await run([node, '-e', 'process.kill(process.pid, "SIGTERM")'])).exitCode).toBeUndefined();
});

test('a program that does not exist cannot be started', async () => {
  await expect(run(['/does/not/exist'])).rejects.toThrow(/exist/);
});

test('text goes in', async () => {
  const result = await run([node, '-e', 'process.stdin.pipe(process.stdout)'], { input: 'Grüße' });

  expect(result.stdout).toBe('Grüße');
});

test('a program that reads finds the end of its input', async () => {
  const script = 'process.stdin.on("end", () => console.log("end")).resume()';

  expect((await run([node, '-e', script], { timeoutMs: 10_000 })).stdout).toBe('end\n');
});

test('every line has been told when the result is there', async () => {
  const lines: string[] = [];

  await run([node, '-e', 'for (let i = 0; i < 5000; i++) console.log(i)'], {
    onLine: (line) => lines.push(line),
  });

  expect(lines).toHaveLength(5000);
});

test('lines are told while they come', async () => {
  const lines: string[] = [];

  await run([node, '-e', 'console.log("a\\nb"); console.error("c")'], { onLine: (line) => lines.push(line) });

  expect(lines.sort()).toEqual(['a', 'b', 'c']);
});

test('the given environment replaces ours', async () => {
  const script = ['-p', 'JSON.stringify(Object.keys(process.env))'] as const;

  const replaced = JSON.parse((await run([node, ...script], { env: { ONLY: '1' } })).stdout) as string[];
  const inherited = JSON.parse((await run([node, ...script])).stdout) as string[];

  expect(replaced).toContain('ONLY');
  expect(replaced).not.toContain('PATH');
  expect(inherited).toContain('PATH');
});

test('the working directory can be chosen', async () => {
  expect((await run([node, '-p', 'process.cwd()'], { cwd: '/' })).stdout).toBe('/\n');
});

test('a program that takes too long is ended', async () => {
  const start = Date.now();

  await expect(run([node, '-e', 'setTimeout(() => {}, 60000)'], { timeoutMs: 200 })).rejects.toThrow(
    /timed out/i,
  );

  expect(Date.now() - start).toBeLessThan(5000);
});

test('a program can be cancelled', async () => {
  const controller = new AbortController();
  const running = run([node, '-e', 'setTimeout(() => {}, 60000)'], { signal: controller.signal });
  setTimeout(() => controller.abort(), 100);

  await expect(running).rejects.toThrow();
});
