const WORD = /[\p{L}\p{N}\p{M}]+/gu;
/** What is longer is no word. */
const MAX_WORD = 60;

/** The words of a text in the form in which both databases compare them, each once. */
export function wordsIn(text: string): string[] {
  const words = text.normalize('NFKC').toLowerCase().match(WORD) ?? [];
  return [...new Set(words.filter((word) => word.length <= MAX_WORD))];
}
