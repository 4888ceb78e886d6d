import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClientSession } from '#test/client-session.ts';
import { FixtureIndex, wheelFile } from '#test/fixture-index.ts';
import { createIndex, uploadAll, wheelUpload } from '#test/index-api.ts';
import { installedPackage } from '#test/installed-package.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { startServer } from '#test/server.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '#test/temporary-directory.ts';
import { commands } from '../../src/cli/commands.ts';
import { programs } from '../../src/cli/programs.ts';

/** May ask upstreams on this machine, and no others. */
const LOCAL = { WHEELHOUSE_OFFLINE: 'no', NO_PROXY: '127.0.0.1' };

describe('the package that npm installs from a tarball', () => {
  let directory: TemporaryDirectory;
  let program: string;

  beforeAll(async () => {
    directory = await makeTemporaryDirectory();
    ({ program } = await installedPackage());
  });

  afterAll(() => directory[Symbol.asyncDispose]());

  it('tells its version', async () => {
    expect(await runWheelhouse(['--version'], { program })).toEqual(await runWheelhouse(['--version']));
  });

  it('serves an empty directory: uploads, installations, a mirror with its list of names', async () => {
    await using upstream = await FixtureIndex.start();
    upstream.set('there', [wheelFile({ name: 'there' })]);
    await using server = await startServer({ program, env: LOCAL });
    await using session = await openClientSession();
    const mirror = await createIndex(server, 'anna/mirror', { type: 'mirror', mirror_url: upstream.url });
    const index = await createIndex(server, 'anna/dev', { bases: [mirror.index] });
    const metadata = { 'Requires-Dist': 'there', 'Description-Content-Type': 'text/x-rst' };
    await uploadAll(index, [wheelUpload({ name: 'here', metadata, description: 'Here\n====\n\n*text*' })]);

    const python = await session.makeVenv();
    const install = ['--python', python, 'install', '--no-cache-dir', '--index-url', index.simple, 'here'];
    const { stdout } = await session.succeed('pip', install);

    expect(stdout).toMatch(/Successfully installed here-1\.0 there-1\.0/);
    // A thread of its own reads lists: a file that the bundle must have.
    expect(await (await fetch(mirror.simple)).text()).toContain('>there<');
    // And another one renders descriptions, with what is bundled alone.
    const release = async () =>
      await (await fetch(`${index.url}/here/1.0`, { headers: { accept: 'text/html' } })).text();
    await expect.poll(release, { timeout: 20_000 }).toMatch(/<h3[^>]*>\s*Here\s*<\/h3>[\s\S]*<em>text<\/em>/);
    const doctor = await runWheelhouse(['doctor', '--serverdir', server.serverdir, '--json'], { program });
    expect(doctor).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(doctor.stdout)).toMatchObject({ problems: [] });
  });

  it('has its pages, with everything that they load', async () => {
    await using server = await startServer({ program, env: LOCAL });

    const html = await (await fetch(`${server.url}/+indexes`, { headers: { accept: 'text/html' } })).text();

    const loaded = [...html.matchAll(/"(\/\+static\/[^"#]+)/g)].map(([, path]) => `${server.url}${path}`);
    expect(loaded.length).toBeGreaterThan(4);
    for (const address of loaded) expect((await fetch(address)).status, address).toBe(200);
    const script = loaded.find((address) => address.endsWith('site.js')) ?? '';
    expect(await (await fetch(script)).text()).toContain('data-copy');
    expect(server.stderr()).not.toContain('Warning');
  });

  it.each(commands.map(({ name }) => name))('has the command %s', async (name) => {
    const { stdout } = await runWheelhouse([...name.split(' '), '--help'], { program });

    expect(stdout).toContain(`Usage: wheelhouse ${name} `);
  });

  it.each(programs.map(({ name }) => name))(
    'takes the options of %s through a link of that name',
    async (name) => {
      const link = join(directory.path, name);
      await symlink(program, link);

      const { stdout } = await runWheelhouse(['--help'], { program: link });

      expect(stdout).toContain(`Usage: ${name} `);
    },
  );
});
