import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';

/** Words as a shell reads them, with quotes and backslashes; nothing is expanded. Throws `cli.bad-argument`. */
export function splitWords(given: string): readonly string[] {
  const words: string[] = [];
  const word = /\s*((?:[^\s'"\\]|\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*")+)\s*/y;
  while (word.lastIndex < given.length) {
    const at = word.lastIndex;
    const [, found] = word.exec(given) ?? [];
    if (found === undefined) {
      if (given.slice(at).trim() === '') break;
      throw new AppError(cliErrors.badArgument, `a quote is not closed: ${given}`);
    }
    words.push(found.replace(/'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])/g, unquote));
  }
  return words;
}

function unquote(_text: string, single?: string, double?: string, escaped?: string): string {
  return single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '';
}
