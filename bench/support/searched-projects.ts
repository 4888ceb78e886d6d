const WORDS =
  'python django flask data frame request http client server tool kit machine learning torch numpy parse json yaml fast simple async library cloud test helper plot image video audio text graph database cache queue worker stream file path color terminal shell command web plugin manager'.split(
    ' ',
  );
const word = (seed: number) => WORDS[((seed * 2_654_435_761) % 4_294_967_296) % WORDS.length] ?? '';
/** Names and summaries that are the same in every run. */
export const nameOf = (number: number) => `${word(number)}-${word(number * 7 + 1)}-${number.toString(36)}`;
export const summaryOf = (number: number) =>
  Array.from({ length: 6 }, (_each, at) => word(number * 13 + at * 31)).join(' ');

/** Beginnings of names and words, as somebody types them. */
export function queriesOf(count: number, projects: number): string[] {
  return Array.from({ length: count }, (_each, at) => {
    const number = 1 + ((at * 7919) % projects);
    const kinds = [
      nameOf(number).slice(0, 2 + (at % 12)),
      word(at),
      `${word(at)} ${word(at * 3 + 1)}`,
      word(at).slice(1, 5),
      nameOf(number),
    ];
    return kinds[at % kinds.length] ?? '';
  });
}
