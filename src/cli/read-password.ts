import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { Secret } from '#kernel/config/secret.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { isCalledAsDevpi } from './called-as.ts';
import { cliErrors } from './errors.ts';
import { text } from './options.ts';

/** Of a new password, in characters; a shorter one is asked about. */
const SHORT = 8;

/** How a command is given a password without a terminal. */
export const passwordOption = text('-', 'Read the password from stdin instead of asking for it.');

export interface AskPassword {
  /** What stands before the input, such as `Password of alice`. */
  readonly question: string;
  /** The value of the command's option. */
  readonly given: string | undefined;
  /** A new password is asked for twice. */
  readonly isNew?: boolean;
}

/**
 * Reads a password from the terminal without showing it, or the first line of stdin where the option is `-`. Throws
 * `cli.bad-argument` for any other value, since every user of the machine sees the arguments of programs, and for a
 * new password that is empty.
 */
export async function readPassword({ question, given, isNew = false }: AskPassword): Promise<Secret> {
  if (given === '-') return refuseEmpty((await readAll(process.stdin)).split(/\r?\n/, 1)[0] ?? '', isNew);
  if (given !== undefined && isCalledAsDevpi()) return refuseEmpty(given, isNew);
  if (given !== undefined) {
    throw new AppError(
      cliErrors.badArgument,
      'a password on the command line is seen by everybody on the machine',
      {
        hint: 'leave it out to be asked, or write it to stdin and give -',
      },
    );
  }
  if (!process.stdin.isTTY) {
    throw new AppError(cliErrors.badArgument, `${question}: there is no terminal to ask on`, {
      hint: 'write the password to stdin and give --password -',
    });
  }
  const password = await ask(question);
  if (isNew && password !== (await ask('The same again'))) {
    throw new AppError(cliErrors.badArgument, 'the two passwords differ');
  }
  if (isNew && password !== '' && password.length < SHORT) {
    const question = `password with less than ${SHORT} characters, are you sure to use it`;
    const { confirm } = await import('./confirm.ts');
    if (!(await confirm(question, { yes: false }))) {
      throw new AppError(cliErrors.badArgument, 'the password stays as it is');
    }
  }
  return refuseEmpty(password, isNew);
}

/** An empty input is an accident, such as a variable that is not set. */
function refuseEmpty(password: string, isNew: boolean): Secret {
  if (isNew && password === '') throw new AppError(cliErrors.badArgument, 'a new password must not be empty');
  return new Secret(password);
}

async function ask(question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    // The terminal shows nothing any more: who is quick must not be seen.
    process.stderr.write(`${question}: `);
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
