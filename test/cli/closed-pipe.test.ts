import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { launcher, serverEnvironment } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';

const options = {
  reject: false,
  extendEnv: false,
  env: serverEnvironment,
  buffer: { stdout: false },
} as const;

it.each([['--help'], ['config', 'show'], ['serve', '--help']])(
  'ends quietly when nobody reads its output: %s %s',
  async (...args) => {
    const child = execa(launcher, args, options);
    child.stdout.destroy();

    expect(await child).toMatchObject({ exitCode: 141, stderr: '' });
  },
);

it('goes on serving when nobody reads its log any more', async () => {
  await using directory = await makeTemporaryDirectory();
  const where = ['--serverdir', directory.path, '--host', '127.0.0.1', '--port', '0'];
  const env = { ...serverEnvironment, WHEELHOUSE_LOG_LEVEL: 'debug' };
  const child = execa(launcher, ['serve', ...where], { ...options, env, buffer: false });
  let url = '';
  for await (const line of createInterface({ input: child.stderr })) {
    const { msg, ...fields } = JSON.parse(line) as { msg: string; url: string };
    if (msg !== 'serving') continue;
    url = fields.url;
    break;
  }
  child.stderr.destroy();

  for (let turn = 0; turn < 3; turn += 1) expect((await fetch(`${url}/+api`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await child).toMatchObject({ exitCode: 0 });
});
