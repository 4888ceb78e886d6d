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
    name: 'doctor',
    summary: 'Check the database, and that every file has its bytes',
    load: () => import('./commands/doctor.ts'),
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
    name: 'upload',
    summary: 'Upload wheels, sdists and other archives to an index',
    load: () => import('./commands/upload.ts'),
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
    summary: 'Find projects by words of their names and summaries',
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
};
