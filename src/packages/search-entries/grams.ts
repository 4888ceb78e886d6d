/** Longest text that is searched; a summary is one line. */
const MAX_TEXT = 2000;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;

/** The words of a text in one form, joined by hyphens, as the names of projects are: what a term is looked for in. */
export function plainForm(text: string): string {
  return wordsOf(text).join('-');
}

function wordsOf(text: string): string[] {
  return text.slice(0, MAX_TEXT).normalize('NFKC').toLowerCase().match(WORD) ?? [];
}

/**
 * What an entry is found by, each once, with a space between: three letters in a row, and the first one or two of a word
 * behind `^`. Those of the name alone have `#` in front. Letters and digits only, so that no database reads anything else
 * into them.
 */
export function gramsOf(name: string, summary: string): string {
  const ofName = wordsOf(name).flatMap(gramsOfWord);
  const ofSummary = wordsOf(summary).flatMap(gramsOfWord);
  return [...new Set([...ofName.map(inName), ...ofName, ...ofSummary])].join(' ');
}

function gramsOfWord(word: string): string[] {
  const letters = Array.from(word);
  return [`^${letters[0]}`, `^${letters.slice(0, 2).join('')}`, ...threesOf(letters)];
}

function threesOf(letters: readonly string[]): string[] {
  return letters.slice(2).map((_letter, at) => letters.slice(at, at + 3).join(''));
}

/** The gram as one of the name. */
export function inName(gram: string): string {
  return `#${gram}`;
}

/**
 * What an entry must have where it contains this term, in plain form, somewhere. A term of one or two letters is looked for
 * at the beginning of words only.
 */
export function gramsOfTerm(term: string): readonly string[] {
  const words = term.split('-').map((word) => Array.from(word));
  const grams = words.flatMap((letters, position) => {
    const begins = position > 0 || (words.length === 1 && letters.length < 3);
    return [...(begins ? [`^${letters.slice(0, 2).join('')}`] : []), ...threesOf(letters)];
  });
  return [...new Set(grams)];
}
