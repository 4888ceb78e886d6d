import { createInterface as readLines } from 'node:readline';
import { createInterface } from 'node:readline/promises';
import { AppError } from '#kernel/errors/app-error.ts';
import { isCalledAsDevpi } from './called-as.ts';
import { cliErrors } from './errors.ts';

/**
 * Asks before something is done that cannot be undone: `question` without its question mark, `Are you sure`. True for yes;
 * `yes` is the option `-y`, which answers for the user, in devpi-client's words. Throws `cli.not-confirmed` where there is
 * nobody to ask. Under devpi-client's name the answer may be piped, as scripts do.
 */
export async function confirm(question: string, { yes }: { readonly yes: boolean }): Promise<boolean> {
  const asked = `${question} (yes/no)? `;
  if (yes) {
    process.stdout.write(`${asked}yes (autoset from -y option)\n`);
    return true;
  }
  if (!process.stdin.isTTY) {
    if (isCalledAsDevpi()) {
      for await (const line of readLines({ input: process.stdin })) {
        const answer = answerOf(line);
        if (answer !== undefined) return answer;
      }
    }
    throw new AppError(cliErrors.notConfirmed, `${question}? There is no terminal to ask on`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (;;) {
      const answer = answerOf(await terminal.question(asked));
      if (answer !== undefined) return answer;
    }
  } finally {
    terminal.close();
  }
}

function answerOf(line: string): boolean | undefined {
  const answer = line.trim().toLowerCase();
  if (answer === 'yes' || answer === 'y') return true;
  return answer === 'no' || answer === 'n' ? false : undefined;
}
