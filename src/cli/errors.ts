import { defineErrors } from '#kernel/errors/app-error.ts';

/** Failures of commands, which print them; no server answers with them. */
export const cliErrors = defineErrors('cli', {
  badArgument: {
    status: 400,
    title: 'An argument cannot be used',
    meaning: 'An argument or option of a command has a value that it cannot have; the detail names it.',
  },
  badBackgroundServer: {
    status: 400,
    title: 'The server in the background is not as it must be',
    meaning: 'A server was to be started or stopped in the background and was not; the detail says why.',
  },
  badDeployment: {
    status: 400,
    title: 'A deployment cannot be made',
    meaning:
      'A command was to make a deployment of the server and could not; the detail says what stood in the way.',
  },
  badInputFile: {
    status: 400,
    title: 'A file that was given cannot be used',
    meaning: 'A file that a command was given cannot be read or written; the detail names it.',
  },
  badSession: {
    status: 400,
    title: 'The file of the login cannot be used',
    hint: 'remove it, and log in again: wheelhouse login USER',
    meaning:
      'Commands keep the current server and its login in a file of the user; it cannot be read or written.',
  },
  noIndex: {
    status: 400,
    title: 'No index is in use',
    hint: 'choose one: wheelhouse use USER/INDEX, or name it with --index',
    meaning: 'The command is about an index; none was named, and none was chosen before.',
  },
  notConfirmed: {
    status: 400,
    title: 'Nobody confirmed',
    hint: 'give -y to answer yes to every question',
    meaning: 'A command asks before it deletes something, and there is no terminal to ask on.',
  },
  notLoggedIn: {
    status: 401,
    title: 'Nobody is logged in',
    hint: 'log in: wheelhouse login USER',
    meaning: 'The command acts for a user, and there is no login to this server, or it has expired.',
  },
  programFailed: {
    status: 400,
    title: 'A program that the command runs has failed',
    meaning:
      'A command lets other programs build, test or install; one of them ended with an error, which stands above.',
  },
  serverUnreachable: {
    status: 502,
    title: 'The server cannot be reached',
    hint: 'check the URL, and that `wheelhouse serve` runs there',
    meaning: 'A command could not connect to the server, or what answers there is no Wheelhouse.',
  },
  serverRefused: {
    status: 400,
    title: 'The server refused',
    meaning: 'The server answered a command with an error, which is shown.',
  },
});
