import { createInterface } from 'node:readline/promises';

export interface AskOptions {
  /** What counts if nothing is typed. */
  readonly fallback?: string | undefined;
  /** What is wrong with an answer, as a sentence; it is then asked for again. */
  readonly check?: (answer: string) => string | undefined;
}

/** Asks for a line on the terminal until there is one that will do. */
export async function ask(question: string, { fallback, check }: AskOptions = {}): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (;;) {
      const shown = fallback === undefined ? '' : ` [${fallback}]`;
      const answer = (await terminal.question(`${question}${shown}: `)).trim() || (fallback ?? '');
      const problem =
        answer === '' ? 'an answer is needed; Ctrl-C leaves everything as it is' : check?.(answer);
      if (problem === undefined) return answer;
      process.stderr.write(`${problem}\n`);
    }
  } finally {
    terminal.close();
  }
}

/** Asks for yes or no. */
export async function askYesNo(question: string, fallback: 'yes' | 'no'): Promise<boolean> {
  const check = (answer: string) => (/^(?:y|yes|n|no)$/i.test(answer) ? undefined : 'type yes or no');
  return /^y/i.test(await ask(`${question} (yes/no)`, { fallback, check }));
}
