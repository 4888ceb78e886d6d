import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Secret } from '#kernel/config/secret.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import { readIni } from '../installers/edit-ini.ts';
import { printable } from '../printable.ts';
import { readPassword } from '../read-password.ts';

export interface Repository {
  readonly url: string;
  readonly username: string;
  readonly password: Secret;
}

/** A section of .pypirc, as twine has it; a password that is not there is asked for. Throws `cli.bad-input-file`. */
export async function readPypirc(section: string, given?: string): Promise<Repository> {
  const path = given === undefined ? join(homedir(), '.pypirc') : resolve(given);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw bad(code === 'ENOENT' ? `no pypirc file found at: ${path}` : `cannot read ${path}: ${message}`);
  }
  process.stderr.write(`${printable(`using pypirc ${path}`)}\n`);
  const valueOf = (key: string) => readIni(text, key, section)?.join(' ') || undefined;
  const [url, username] = [valueOf('repository'), valueOf('username')];
  for (const [key, value] of Object.entries({ repository: url, username })) {
    if (value === undefined) throw bad(`${path} has no ${key} in a section [${section}]`);
  }
  const address = URL.parse(url ?? '');
  if (address === null || !/^https?:$/.test(address.protocol) || address.password !== '') {
    throw bad(`the repository of [${section}] in ${path} is no address, or one with a password in it`);
  }
  const known = valueOf('password');
  const password =
    known === undefined
      ? await readPassword({ question: `Password of ${username} at ${address.host}`, given: undefined })
      : new Secret(known);
  return { url: address.href, username: username ?? '', password };
}

function bad(message: string): AppError {
  return new AppError(cliErrors.badInputFile, message, {
    hint: 'a section needs repository and username, and may have a password, as twine reads them',
  });
}
