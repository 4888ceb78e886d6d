import { defineErrors } from '#kernel/errors/app-error.ts';

/** Failures of commands, which print them; no server answers with them. */
export const cliErrors = defineErrors('cli', {
  badArgument: {
    status: 400,
    title: 'An argument cannot be used',
    meaning: 'An argument or option of a command has a value that it cannot have; the detail names it.',
  },
  badInputFile: {
    status: 400,
    title: 'A file that was given cannot be used',
    meaning: 'A file that a command was given cannot be read or written; the detail names it.',
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
