import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { launcher, startServer, type ServerProcess } from '#test/server.ts';

interface Side {
  readonly server: ServerProcess;
  readonly session: ClientSession;
}

/** What both print, with what differs from run to run taken out. */
function filtered({ server, session }: Side, stdout: string): string {
  return stdout
    .replaceAll(server.url, 'SERVER')
    .replaceAll(session.home, '~')
    .replaceAll(session.directory, '.')
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
    .replaceAll("type 'devpi use", "type 'wheelhouse use")
    .replaceAll('~/.devpi/client/current.json', 'STATE')
    .replaceAll('~/.config/wheelhouse/session.json', 'STATE')
    .replace(/[^\S\n]+$/gm, '');
}

/** Lines of configuration that devpi-client does not write. */
const OURS = /^~\/(?:\.pypirc|\.config\/(?:pypoetry|pdm)\/config\.toml): SERVER.*\n/gm;

it('prints what devpi-client prints, line by line', async () => {
  const sides = await Promise.all(
    [0, 1].map(async () => ({
      server: await startServer({ arguments: ['--host', 'localhost'] }),
      session: await openClientSession(),
    })),
  );
  const [theirs, ours] = sides as [Side, Side];
  const env = { PIP_CONFIG_FILE: undefined };
  try {
    /** `$` is the address of the server; a password is the last word of ours, and goes to stdin. */
    const both = async (devpi: string, wheelhouse = devpi, input = ''): Promise<void> => {
      const words = (command: string, { server, session }: Side) =>
        command
          .split(' ')
          .map((word) => word.replace('$', server.url).replace(/^venv$/, join(session.directory, 'venv')));
      const [their, our] = await Promise.all([
        theirs.session.run('devpi', words(devpi, theirs), { env }),
        ours.session.runProgram([launcher, ...words(wheelhouse, ours)], { env, input }),
      ]);
      const expected = { command: wheelhouse, exitCode: their.exitCode };
      const printed = filtered(theirs, their.stdout);
      if (their.exitCode === 0) {
        const stdout = filtered(ours, our.stdout).replace(OURS, '');
        expect({ command: wheelhouse, exitCode: our.exitCode, stdout }, our.stderr).toEqual({
          ...expected,
          stdout: printed,
        });
      } else {
        // Failures are told on stderr, in the same words.
        const reason = /^\d{3} [A-Z][\w ]+: (.*)/m.exec(printed)?.[1] ?? printed;
        expect({ command: wheelhouse, exitCode: our.exitCode, stderr: our.stderr }).toEqual({
          ...expected,
          stderr: expect.stringContaining(reason) as string,
        });
      }
    };

    await both('use');
    await both('use $');
    await both('use');
    await both('logoff');
    await both('login root --password=', 'login root --password -', '\n');
    await both('user -l');
    await both(
      'user -c alice password=secret-1 email=a@example.com',
      'user -c alice email=a@example.com --password -',
      'secret-1\n',
    );
    await both('user alice');
    await both('user -m alice email=b@example.com title=Alice');
    await both('user alice');
    await both('logout');
    await both('login alice --password=secret-1', 'login alice --password -', 'secret-1\n');
    await both('user');
    await both('index -c dev bases=root/pypi');
    await both('index -c prod volatile=False title=Releases bases=alice/dev');
    await both('index -l');
    await both('index -l root');
    await both('index alice/prod');
    await both('index prod --no-projects');
    await both('index dev acl_upload+=bob mirror_whitelist=a,b');
    await both('index dev acl_upload-=bob title=Development');
    await both('index dev custom_data=x');
    await both('use -l');
    await both('use -l -u root');
    await both('use dev');
    await both('use');
    await both('use --urls');
    await both('use $/alice/prod/');
    await both('use --urls root/pypi');
    await both('use --set-cfg alice/dev');
    await both('use --always-set-cfg=yes');
    await both('use alice/prod');
    await both('use --always-set-cfg=no');
    await both('use $/alice/dev', 'use $/alice/dev/+simple/');
    await both('index');
    await both('index title=Mine');
    await both('login alice --password=secret-1', 'login alice --password -', 'secret-1\n');
    await both('getjson /alice/dev?no_projects=');
    await both('getjson /alice');
    await both('user -m alice password=secret-22', 'user -m alice --password -', 'secret-22\n');
    await both('login alice --password=secret-22', 'login alice --password -', 'secret-22\n');
    for (const side of sides) await side.session.write('change.json', '{"title": "Päckchen"}');
    await both('patchjson /alice/dev change.json');
    await both('index --delete -y alice/dev');
    await both('use');
    await both('index --delete -y prod');
    await both('index alice/prod volatile=True');
    await both('index --delete -y prod');
    await both('logout');
    await both('logout');
    await both('use $/alice');
    await both('login alice --password=secret-22', 'login alice --password -', 'secret-22\n');
    await both('user --delete -y alice');
    await both('use');
    await both('use --delete');
    for (const { session } of sides) await mkdir(join(session.directory, 'venv', 'bin'), { recursive: true });
    await both('use --venv venv');
    await both('use $/root/pypi');
    await both('use --set-cfg --venv venv');
    await both('use --set-cfg --venv -');
  } finally {
    for (const { server, session } of sides) {
      await server[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
    }
  }
});
