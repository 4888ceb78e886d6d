import type { Command } from './command.ts';

export interface Entry {
  /** Words that call the command. */
  readonly name: string;
  /** Loaded when the command is called, or when its own help is. */
  load(): Promise<{ readonly command: Command }>;
  /** For the list of all commands, which must appear at once; equal to the command's own by a test. */
  readonly summary: string;
}

/** Every command, in the order of the help. */
export const commands: readonly Entry[] = [
  {
    name: 'serve',
    summary: 'Run the server',
    load: () => import('./commands/serve.ts'),
  },
  {
    name: 'init',
    summary: 'Make the directory of a new server, with a password for root',
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'gendeploy',
    summary: 'Make a self-contained deployment: supervisor, nginx, cron, and a server directory',
    load: () => import('./commands/gendeploy.ts'),
  },
  {
    name: 'gen-config',
    summary: 'Write configuration for systemd, nginx, supervisor, launchd, cron and containers',
    load: () => import('./commands/gen-config.ts'),
  },
  {
    name: 'export',
    summary: 'Write everything that a server has into a directory, in the form of devpi-export',
    load: () => import('./commands/export.ts'),
  },
  {
    name: 'import',
    summary: 'Make a new server of a dump of devpi or Wheelhouse, or of one that runs',
    load: () => import('./commands/import.ts'),
  },
  {
    name: 'doctor',
    summary: 'Check the database, and that every file has its bytes',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'backup',
    summary: 'Back up a server, also while it runs: what is new, and a snapshot of the database',
    load: () => import('./commands/backup.ts'),
  },
  {
    name: 'backup verify',
    summary: 'Read a whole backup, and compare everything with its hash',
    load: () => import('./commands/backup/verify.ts'),
  },
  {
    name: 'restore',
    summary: 'Make a server of a backup, in an empty server directory',
    load: () => import('./commands/restore.ts'),
  },
  {
    name: 'promote',
    summary: 'Make a server of its own of a replica whose primary is gone for good',
    load: () => import('./commands/promote.ts'),
  },
  {
    name: 'setup',
    summary: 'Go through the first steps: server, password, user, index, installers',
    load: () => import('./commands/setup.ts'),
  },
  {
    name: 'use',
    summary: 'Choose the server and the index that commands are about, and set installers to it',
    load: () => import('./commands/use.ts'),
  },
  {
    name: 'login',
    summary: 'Log in to a server, for the commands that follow',
    load: () => import('./commands/login.ts'),
  },
  {
    name: 'logoff',
    summary: 'Forget the login to a server',
    load: () => import('./commands/logoff.ts'),
  },
  {
    name: 'logout',
    summary: 'The same as logoff',
    load: () => import('./commands/logout.ts'),
  },
  {
    name: 'user',
    summary: 'Show, make, change or delete a user',
    load: () => import('./commands/user.ts'),
  },
  {
    name: 'index',
    summary: 'Show, make, change or delete an index',
    load: () => import('./commands/index.ts'),
  },
  {
    name: 'passwd',
    summary: 'Change the password of a user',
    load: () => import('./commands/passwd.ts'),
  },
  {
    name: 'getjson',
    summary: 'Print what a server answers at a path, as JSON',
    load: () => import('./commands/getjson.ts'),
  },
  {
    name: 'patchjson',
    summary: 'Send the JSON of a file to a path of a server with PATCH',
    load: () => import('./commands/patchjson.ts'),
  },
  {
    name: 'token create',
    summary: 'Make an API token, which is shown this once',
    load: () => import('./commands/token/create.ts'),
  },
  {
    name: 'token list',
    summary: 'List API tokens, without their secrets',
    load: () => import('./commands/token/list.ts'),
  },
  {
    name: 'token revoke',
    summary: 'End an API token at once',
    load: () => import('./commands/token/revoke.ts'),
  },
  {
    name: 'webhook add',
    summary: 'Have an address told what happens on an index; its secret is shown this once',
    load: () => import('./commands/webhook/add.ts'),
  },
  {
    name: 'webhook list',
    summary: 'List webhooks, without their secrets',
    load: () => import('./commands/webhook/list.ts'),
  },
  {
    name: 'webhook show',
    summary: 'Show a webhook with its last deliveries and what came of them',
    load: () => import('./commands/webhook/show.ts'),
  },
  {
    name: 'webhook test',
    summary: 'Send a webhook something now, and enable it if that is taken',
    load: () => import('./commands/webhook/test.ts'),
  },
  {
    name: 'webhook remove',
    summary: 'Remove a webhook with its deliveries',
    load: () => import('./commands/webhook/remove.ts'),
  },
  {
    name: 'build add',
    summary: 'Have wheels built of projects, for one Python or several',
    load: () => import('./commands/build/add.ts'),
  },
  {
    name: 'build projects',
    summary: 'List the projects of which wheels are built',
    load: () => import('./commands/build/projects.ts'),
  },
  {
    name: 'build list',
    summary: 'List builds, newest first, and say how many are to do',
    load: () => import('./commands/build/list.ts'),
  },
  {
    name: 'build show',
    summary: 'Show a build: what went in, what came of it, and what would help',
    load: () => import('./commands/build/show.ts'),
  },
  {
    name: 'build log',
    summary: 'Print the log of a build, and with --follow what comes while it runs',
    load: () => import('./commands/build/log.ts'),
  },
  {
    name: 'build retry',
    summary: 'Have a build that failed done again',
    load: () => import('./commands/build/retry.ts'),
  },
  {
    name: 'build cancel',
    summary: 'End a build that runs; it is not begun again before somebody asks',
    load: () => import('./commands/build/cancel.ts'),
  },
  {
    name: 'build skip',
    summary: 'Build no wheels of a project, of a version, or for a target',
    load: () => import('./commands/build/skip.ts'),
  },
  {
    name: 'build unskip',
    summary: 'Build again what was skipped; name version and target as it was done',
    load: () => import('./commands/build/unskip.ts'),
  },
  {
    name: 'build remove',
    summary: 'Build no more wheels of a project; those that are there stay',
    load: () => import('./commands/build/remove.ts'),
  },
  {
    name: 'builder',
    summary: 'Build wheels on this machine for what the server has to do; Ctrl-C drains',
    load: () => import('./commands/builder.ts'),
  },
  {
    name: 'builder list',
    summary: 'List builders, and what each of them builds',
    load: () => import('./commands/builder/list.ts'),
  },
  {
    name: 'builder pause',
    summary: 'Give a builder no more builds until it is resumed',
    load: () => import('./commands/builder/pause.ts'),
  },
  {
    name: 'builder resume',
    summary: 'Give a paused builder builds again',
    load: () => import('./commands/builder/resume.ts'),
  },
  {
    name: 'builder drain',
    summary: 'Have a builder end when it has done what it builds',
    load: () => import('./commands/builder/drain.ts'),
  },
  {
    name: 'upload',
    summary: 'Upload archives and documentation to an index, or build them from this directory first',
    load: () => import('./commands/upload.ts'),
  },
  {
    name: 'push',
    summary: 'Copy a release to another index, or to one elsewhere that .pypirc names',
    load: () => import('./commands/push.ts'),
  },
  {
    name: 'test',
    summary: 'Download a release, run its tests with tox or pytest, and upload what came out',
    load: () => import('./commands/test.ts'),
  },
  {
    name: 'install',
    summary: 'Install packages from an index with pip or uv',
    load: () => import('./commands/install.ts'),
  },
  {
    name: 'list',
    summary: 'List the projects of an index, or the files of a project',
    load: () => import('./commands/list.ts'),
  },
  {
    name: 'remove',
    summary: 'Remove projects, releases or files from an index',
    load: () => import('./commands/remove.ts'),
  },
  {
    name: 'retention',
    summary: 'List old development releases of an index, and remove them',
    load: () => import('./commands/retention.ts'),
  },
  {
    name: 'yank',
    summary: 'Keep installers from choosing a release, unless it is asked for by its number',
    load: () => import('./commands/yank.ts'),
  },
  {
    name: 'unyank',
    summary: 'Let installers choose a yanked release again',
    load: () => import('./commands/unyank.ts'),
  },
  {
    name: 'refresh',
    summary: 'Ask the upstream indexes anew about projects of a mirror',
    load: () => import('./commands/refresh.ts'),
  },
  {
    name: 'search',
    summary: 'Find projects by words of their names, summaries, descriptions and documentation',
    load: () => import('./commands/search.ts'),
  },
  {
    name: 'events',
    summary: 'List what happened on a server, as far as you may read it',
    load: () => import('./commands/events.ts'),
  },
  {
    name: 'why',
    summary: 'Tell why a project or a file is seen on an index, or not',
    load: () => import('./commands/why.ts'),
  },
  {
    name: 'prime',
    summary: 'Fetch everything that lock files name through an index, for later or for a bundle',
    load: () => import('./commands/prime.ts'),
  },
  {
    name: 'bundle verify',
    summary: 'Check a bundle without importing it',
    load: () => import('./commands/bundle/verify.ts'),
  },
  {
    name: 'bundle import',
    summary: 'Put the files of a bundle into a mirror of a server that does not run',
    load: () => import('./commands/bundle/import.ts'),
  },
  {
    name: 'link-old-names',
    summary: 'Make links named after the programs of devpi in a directory',
    load: () => import('./commands/link-old-names.ts'),
  },
  {
    name: 'config show',
    summary: 'Print the settings as the server would use them',
    load: () => import('./commands/config/show.ts'),
  },
  {
    name: 'completion',
    summary: 'Print a script that completes command lines in bash, zsh or fish',
    load: () => import('./commands/completion.ts'),
  },
];

/** What the commands of one first word are for. */
export const groups: Readonly<Record<string, string>> = {
  bundle: 'Take files to a server without a network',
  config: 'Look at the settings',
  token: 'API tokens for programs: pip, twine, uv, CI',
  webhook: 'Webhooks: who is told of events, such as a CI',
  build: 'Builds: of which projects wheels are made, and what came of it',
};
