import { createInterface } from 'node:readline/promises';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from './errors.ts';

/**
 * Asks before something is done that cannot be undone: `question` without its question mark, `Are you sure`. True for yes;
 * `yes` is the option `-y`, which answers for the user, in devpi-client's words. Throws `cli.not-confirmed` where there is
 * nobody to ask.
 */
export async function confirm(question: string, { yes }: { readonly yes: boolean }): Promise<boolean> {
  const asked = `${question} (yes/no)? `;
  if (yes) {
    process.stdout.write(`${asked}yes (autoset from -y option)\n`);
    return true;
  }
  if (!process.stdin.isTTY) {
    throw new AppError(cliErrors.notConfirmed, `${question}? There is no terminal to ask on`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (;;) {
      const answer = (await terminal.question(asked)).trim().toLowerCase();
      if (answer === 'yes' || answer === 'y') return true;
      if (answer === 'no' || answer === 'n') return false;
    }
  } finally {
    terminal.close();
  }
}
