/** A count with its noun, as people read it: `1 file`, `2 files`, `2 indexes`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}
