import { expect, it } from 'vitest';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { launcher } from '#test/server.ts';
import { openTerminal } from '#test/terminal.ts';

it('shows its commands with --help and without arguments', async () => {
  const help = await runWheelhouse(['--help']);

  expect(help).toMatchInlineSnapshot(`
    {
      "exitCode": 0,
      "stderr": "",
      "stdout": "Usage: wheelhouse [options] [command]

    Takes Python from source to production on machines you own.

    Options:
      -V, --version   Print the version
      -h, --help      Show help

    Commands:
      serve           Run the server
      init            Make the directory of a new server, with a password for root
      gendeploy       Make a self-contained deployment: supervisor, nginx, cron, and
                      a server directory
      gen-config      Write configuration for systemd, nginx, supervisor, launchd,
                      cron and containers
      export          Write everything that a server has into a directory, in the
                      form of devpi-export
      import          Make a new server of a dump of devpi or Wheelhouse, or of one
                      that runs
      doctor          Check the database, and that every file has its bytes
      backup          Back up a server, also while it runs: what is new, and a
                      snapshot of the database
      restore         Make a server of a backup, in an empty server directory
      promote         Make a server of its own of a replica whose primary is gone
                      for good
      setup           Go through the first steps: server, password, user, index,
                      installers
      use             Choose the server and the index that commands are about, and
                      set installers to it
      login           Log in to a server, for the commands that follow
      logoff          Forget the login to a server
      logout          The same as logoff
      user            Show, make, change or delete a user
      index           Show, make, change or delete an index
      passwd          Change the password of a user
      getjson         Print what a server answers at a path, as JSON
      patchjson       Send the JSON of a file to a path of a server with PATCH
      token           API tokens for programs: pip, twine, uv, CI
      webhook         Webhooks: who is told of events, such as a CI
      build           Builds: of which projects wheels are made, and what came of it
      builder         Build wheels on this machine for what the server has to do;
                      Ctrl-C drains
      upload          Upload archives and documentation to an index, or build them
                      from this directory first
      push            Copy a release to another index, or to one elsewhere that
                      .pypirc names
      test            Download a release, run its tests with tox or pytest, and
                      upload what came out
      install         Install packages from an index with pip or uv
      list            List the projects of an index, or the files of a project
      remove          Remove projects, releases or files from an index
      retention       List old development releases of an index, and remove them
      yank            Keep installers from choosing a release, unless it is asked
                      for by its number
      unyank          Let installers choose a yanked release again
      refresh         Ask the upstream indexes anew about projects of a mirror
      search          Find projects by words of their names, summaries, descriptions
                      and documentation
      events          List what happened on a server, as far as you may read it
      why             Tell why a project or a file is seen on an index, or not
      prime           Fetch everything that lock files name through an index, for
                      later or for a bundle
      bundle          Take files to a server without a network
      link-old-names  Make links named after the programs of devpi in a directory
      config          Look at the settings
      completion      Print a script that completes command lines in bash, zsh or
                      fish
    ",
    }
  `);
  expect(await runWheelhouse([])).toEqual(help);
});

it('shows what a command takes', async () => {
  expect(await runWheelhouse(['doctor', '--help'])).toMatchInlineSnapshot(`
    {
      "exitCode": 0,
      "stderr": "",
      "stdout": "Usage: wheelhouse doctor [options]

    Check the database, and that every file has its bytes.

    Options:
      --serverdir <serverdir>        Directory of the embedded database, the stored
                                     files and \`wheelhouse.yml\`.
      --files-directory <directory>  Directory of the stored files; servers that
                                     share a database share it, too.
      --database <database>          \`sqlite\` for the embedded database, or a
                                     \`postgres://\` URL to scale out.
      --ca-file <file>               File of certificates in PEM form that are
                                     trusted besides those of the system, when other
                                     servers are asked.
      -c, --config <file>            Configuration file; default is wheelhouse.yml
                                     in the server directory.
      --url <url>                    Look at a server from outside instead, as its
                                     clients see it.
      --upload <mebibytes>           With --url: the largest body that must come
                                     through; default is 100.
      --no-checksum                  Compare sizes only; quicker by far.
      --repair                       Remove bytes that no file needs now; nothing
                                     else can be mended safely.
      --json                         Print the problems as JSON.
      -h, --help                     Show help

    Examples:
      $ wheelhouse doctor
      $ wheelhouse doctor --no-checksum --json
      $ wheelhouse doctor --url https://packages.example.com/python --upload 500

    ",
    }
  `);
});

it('prints its version', async () => {
  expect(await runWheelhouse(['--version'])).toMatchInlineSnapshot(`
    {
      "exitCode": 0,
      "stderr": "",
      "stdout": "0.1.0
    ",
    }
  `);
});

it('refuses an unknown command', async () => {
  expect(await runWheelhouse(['fly'])).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: unknown command 'fly'
    hint: wheelhouse --help lists the commands
    ",
      "stdout": "",
    }
  `);
});

it('refuses an unknown option, a missing value and arguments that nobody asked for', async () => {
  expect(await runWheelhouse(['serve', '--fly'])).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: unknown option '--fly'
    hint: wheelhouse serve --help shows what it takes
    ",
      "stdout": "",
    }
  `);
  expect(await runWheelhouse(['serve', '--port'])).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: option '--port <port>' argument missing
    hint: wheelhouse serve --help shows what it takes
    ",
      "stdout": "",
    }
  `);
  expect(await runWheelhouse(['serve', 'now'])).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: too many arguments. Expected 0 arguments but got 1: now.
    hint: wheelhouse serve --help shows what it takes
    ",
      "stdout": "",
    }
  `);
});

it('shows the commands of a group that is named alone', async () => {
  expect(await runWheelhouse(['config'])).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "Usage: wheelhouse config [options] [command]

    Look at the settings.

    Options:
      -h, --help  Show help

    Commands:
      show        Print the settings as the server would use them
    ",
      "stdout": "",
    }
  `);
});

it.each([
  [
    ['serv'],
    "unknown command 'serv'",
    'did you mean `wheelhouse serve`? wheelhouse --help lists the commands',
  ],
  [
    ['token', 'crate'],
    "unknown command 'crate'",
    'did you mean `wheelhouse token create`? wheelhouse token --help lists the commands',
  ],
  [
    ['--verison'],
    "unknown option '--verison'",
    'did you mean `wheelhouse --version`? wheelhouse --help lists the commands',
  ],
  [
    ['doctor', '--jsn'],
    "unknown option '--jsn'",
    'did you mean --json? wheelhouse doctor --help shows what it takes',
  ],
  [['\u001b[2J'], "unknown command '\\x1b[2J'", 'wheelhouse --help lists the commands'],
])('tells what was probably meant by %j', async (args, detail, hint) => {
  expect(await runWheelhouse(args)).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: `error: ${detail}\nhint: ${hint}\n`,
  });
});

it('shows the help of a command after `help`, too', async () => {
  expect(await runWheelhouse(['help', 'token', 'list'])).toEqual(
    await runWheelhouse(['token', 'list', '--help']),
  );
});

it('ends with 130 and a terminal that works when Ctrl-C answers a question', async () => {
  await using terminal = openTerminal([launcher, 'login', 'alice', '--server', 'http://127.0.0.1:9']);
  await terminal.until('assword');
  terminal.type('secr\u0003');

  expect(await terminal.ended).toEqual({ exitCode: 130, isRestored: true });
  expect(terminal.output()).not.toContain('secr');
});
