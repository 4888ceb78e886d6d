import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIndex, listPage, uploadAll, wheelUpload } from '#test/index-api.ts';
import { runCommand } from '#test/run-command.ts';
import { launcher, serverEnvironment, startServer, type ServerProcess } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { openTerminal } from '#test/terminal.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** An index with demo 1.0, 1.1 and 2.0, in use by its owner, who is logged in. */
async function openOwner(name: string, options: Readonly<Record<string, unknown>> = {}) {
  const index = await createIndex(server, name, options);
  await uploadAll(
    index,
    ['1.0', '1.1', '2.0'].map((version) => wheelUpload({ version })),
  );
  const home = await makeTemporaryDirectory();
  const env = { ...serverEnvironment, HOME: home.path };
  const run = async (args: readonly string[], input?: string) => {
    const result = await runCommand([launcher, ...args], {
      env,
      timeoutMs: 60_000,
      ...(input !== undefined && { input }),
    });
    const filter = (text: string) =>
      text.replaceAll(server.url, 'SERVER').replace(/\+f\/[0-9a-f]{3}\/[0-9a-f]{13}\//g, '+f/HASH/');
    return { ...result, stdout: filter(result.stdout), stderr: filter(result.stderr) };
  };
  expect((await run(['use', index.url])).exitCode).toBe(0);
  expect((await run(['login', index.user, '--password', '-'], `${index.password}\n`)).exitCode).toBe(0);
  const versions = async () => (await listPage(index, 'demo')).map(({ filename }) => filename.split('-')[1]);
  return { index, env, run, versions, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

const listing = `About to remove the following releases and distributions
version: 1.0
  - SERVER/INDEX/+f/HASH/demo-1.0-py3-none-any.whl`;

describe('list', () => {
  it('prints JSON', async () => {
    await using owner = await openOwner('ada/dev');

    const names = await owner.run(['list', '--json']);
    const versions = await owner.run(['list', '--json', '-v', '--all']);
    const files = await owner.run(['list', '--json', 'demo==1.0']);

    expect(JSON.parse(names.stdout)).toEqual(['demo']);
    expect(JSON.parse(versions.stdout)).toEqual([
      { name: 'demo', version: '1.0' },
      { name: 'demo', version: '1.1' },
      { name: 'demo', version: '2.0' },
    ]);
    expect(JSON.parse(files.stdout)).toEqual([
      {
        name: 'demo',
        version: '1.0',
        files: [
          {
            href: 'SERVER/ada/dev/+f/HASH/demo-1.0-py3-none-any.whl',
            filename: 'demo-1.0-py3-none-any.whl',
            sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
            isOwn: true,
            toxResults: [],
          },
        ],
        shadowed: [],
      },
    ]);
  });

  it.each([
    [['none'], "error: no project 'none'"],
    [['demo=1'], "error: demo=1 names no releases\n\nhint: write demo, demo==1.0 or 'demo>=1,<2'"],
    [['--index', 'ada/none'], 'error: The stage ada/none could not be found.'],
  ])('fails for %j', async (args, stderr) => {
    await using owner = await openOwner(`ali${args.join('').replace(/\W/g, '')}/dev`);

    expect(await owner.run(['list', ...args])).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining(stderr),
    });
  });
});

describe('remove', () => {
  it('asks on a terminal, and leaves all as it is for no', async () => {
    await using owner = await openOwner('bob/dev');
    const { env, versions } = owner;
    for (const [answer, left] of [
      ['no', ['1.0', '1.1', '2.0']],
      ['yes', ['1.1', '2.0']],
    ] as const) {
      await using terminal = openTerminal([launcher, 'remove', 'demo==1.0'], { env });
      await terminal.until('Are you sure (yes/no)? ');
      terminal.type('maybe\r');
      await terminal.until(/(?:Are you sure \(yes\/no\)\? [^]*){2}/);
      terminal.type(`${answer}\r`);

      expect(await terminal.ended).toEqual({ exitCode: 0, isRestored: true });
      expect(await versions()).toEqual(left);
    }
  });

  it('removes nothing after Ctrl-C', async () => {
    await using owner = await openOwner('ben/dev');
    await using terminal = openTerminal([launcher, 'remove', 'demo'], { env: owner.env });
    await terminal.until('Are you sure (yes/no)? ');
    terminal.type('\u0003');

    expect(await terminal.ended).toEqual({ exitCode: 130, isRestored: true });
    expect(await owner.versions()).toHaveLength(3);
  });

  it('removes nothing where nobody can be asked, nor with --dry-run', async () => {
    await using owner = await openOwner('cyd/dev');
    const { run, versions } = owner;
    const stdout = listing.replace('INDEX', 'cyd/dev');

    expect(await run(['remove', 'demo==1.0'], 'yes\n')).toEqual({
      exitCode: 1,
      stdout,
      stderr:
        'error: Are you sure? There is no terminal to ask on\n\nhint: give -y to answer yes to every question',
    });
    expect(await run(['remove', '--dry-run', 'demo==1.0'])).toEqual({ exitCode: 0, stdout, stderr: '' });
    expect(await versions()).toHaveLength(3);
  });

  it('removes a file by its URL, a release, and all that is left', async () => {
    await using owner = await openOwner('dee/dev');
    const { index, run, versions } = owner;
    const file = (await listPage(index, 'demo')).find(({ filename }) => filename.includes('1.1'));

    expect(await run(['remove', '-y', file?.url ?? ''])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^About to remove the following file:\nSERVER\/dee\/dev\/\+f\/HASH\/demo-1\.1-/,
      ),
    });
    expect(await versions()).toEqual(['1.0', '2.0']);
    expect((await run(['remove', '-y', 'demo==1.0'])).exitCode).toBe(0);
    expect(await versions()).toEqual(['2.0']);
    expect((await run(['remove', '-y', 'demo'])).exitCode).toBe(0);
    expect(await versions()).toEqual([]);
  });

  it('says what to do on an index that is not volatile', async () => {
    await using owner = await openOwner('eli/dev', { volatile: false });
    const { run, versions } = owner;

    expect(await run(['remove', '-y', 'demo==1.0'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: cannot delete version on non-volatile index

      hint: what was released there stays; use ?force (devpi remove -f), or set volatile=True first",
        "stdout": "About to remove the following releases and distributions
      version: 1.0
        - SERVER/eli/dev/+f/HASH/demo-1.0-py3-none-any.whl
      Are you sure (yes/no)? yes (autoset from -y option)
      deleting release 1.0 of demo",
      }
    `);
    expect(await versions()).toHaveLength(3);
    expect((await run(['remove', '-y', '-f', 'demo==1.0'])).exitCode).toBe(0);
    expect(await versions()).toEqual(['1.1', '2.0']);
  });
});

describe('yank and unyank', () => {
  it('change releases, and say so of each file', async () => {
    await using owner = await openOwner('fin/dev');
    const { index, run } = owner;
    const yanked = async () => {
      const page = await fetch(`${index.simple}demo/`, {
        headers: { accept: 'application/vnd.pypi.simple.v1+json' },
      });
      const { files } = (await page.json()) as { files: { yanked?: string | boolean }[] };
      return files.map((file) => file.yanked ?? false);
    };
    const lines = 'demo-1.0-py3-none-any.whl\nyanked demo-1.1-py3-none-any.whl';

    expect(await run(['yank', 'demo<2', '--dry-run'])).toMatchObject({
      exitCode: 0,
      stdout: `skipped: yanked ${lines.replace('\n', '\nskipped: ')}`,
    });
    expect(await yanked()).toEqual([false, false, false]);
    expect(await run(['yank', 'demo<2', '--reason', 'loses data'])).toEqual({
      exitCode: 0,
      stdout: `yanked ${lines}`,
      stderr: '',
    });
    expect(await yanked()).toEqual(['loses data', 'loses data', false]);
    expect(await run(['unyank', 'demo==1.1', '--file', 'demo-1.1-py3-none-any.whl'])).toEqual({
      exitCode: 0,
      stdout: 'unyanked demo-1.1-py3-none-any.whl',
      stderr: '',
    });
    expect(await yanked()).toEqual(['loses data', false, false]);
  });

  it.each([
    [['demo'], 'demo names no version\n\nhint: name the release: demo==1.0'],
    [['demo==9'], "SERVER/gil/dev has no releases matching 'demo==9'"],
    [['demo==1.0', '--file', 'demo-2.0-py3-none-any.whl'], 'SERVER/gil/dev has no demo-2.0-py3-none-any.whl'],
  ])('refuse %j', async (args, detail) => {
    const user = `gil${args.join('').replace(/\W/g, '')}`;
    await using owner = await openOwner(`${user}/dev`);

    expect(await owner.run(['yank', ...args])).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining(detail.replace('gil', user)),
    });
  });
});

describe('refresh', () => {
  it('says of each project whether it was asked for anew', async () => {
    await using owner = await openOwner('hub/dev');

    expect(await owner.run(['refresh', 'demo', 'Demo_2'])).toEqual({
      exitCode: 0,
      stdout: 'Refreshed demo\nRefreshed Demo_2',
      stderr: '',
    });
    expect(await owner.run(['refresh', '--index', 'hub/none', 'demo'])).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining("Couldn't refresh demo: The stage hub/none could not be found."),
    });
  });
});
