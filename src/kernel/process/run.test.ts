import { expect, it } from 'vitest';
import { run } from './run.ts';

const node = process.execPath;

it('tells what a program printed and how it ended', async () => {
  const script = 'console.log("out"); console.error("err"); process.exitCode = 3';

  const result = await run([node, '-e', script]);

  expect(result).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
});

it('has no exit code for a program that a signal ended', async () => {
  const result = await run([node, '-e', 'process.kill(process.pid, "SIGKILL")']);

  expect(result.exitCode).toBeUndefined();
});

it('throws for a program that is not there', async () => {
  await expect(run(['/nonexistent/program'])).rejects.toThrow('ENOENT');
});

it('gives a program that reads the end of its input', async () => {
  const script = 'process.stdin.on("end", () => console.log("end")).resume()';

  const without = await run([node, '-e', script], { timeoutMs: 10_000 });
  const given = await run([node, '-e', 'process.stdin.pipe(process.stdout)'], { input: 'text' });

  expect(without.stdout).toBe('end\n');
  expect(given.stdout).toBe('text');
});

it('passes nothing of our environment when another one is given', async () => {
  const result = await run([node, '-e', 'console.log(Object.keys(process.env).join())'], { env: { A: '1' } });

  expect(result.stdout).toBe('A\n');
});

it('has reported every line when it resolves', async () => {
  const lines: string[] = [];

  await run([node, '-e', 'for (let i = 0; i < 5000; i++) console.log(i)'], {
    onLine: (line) => lines.push(line),
  });

  expect(lines).toHaveLength(5000);
  expect(lines.at(-1)).toBe('4999');
});

it('ends a program that runs out of time', async () => {
  const forever = run([node, '-e', 'setInterval(() => undefined, 1000)'], { timeoutMs: 200 });

  await expect(forever).rejects.toThrow('timed out');
});

it('ends a program that is cancelled', async () => {
  const controller = new AbortController();

  const cancelled = run([node, '-e', 'setInterval(() => undefined, 1000)'], { signal: controller.signal });
  controller.abort();

  await expect(cancelled).rejects.toThrow('canceled');
});

it('a program gets its arguments as they are, without a shell', async () => {
  const odd = ['$HOME', '`id`', 'a b', '*', ';', '"', "'"];

  const result = await run([node, '-p', 'JSON.stringify(process.argv.slice(1))', '--', ...odd]);

  expect(JSON.parse(result.stdout)).toEqual(odd);
});

it('the working directory can be chosen', async () => {
  expect((await run([node, '-p', 'process.cwd()'], { cwd: '/' })).stdout).toBe('/\n');
});
