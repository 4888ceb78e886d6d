/**
 * The text without the slashes at its end. Not by a regular expression: `/\/+$/` takes quadratic time on many slashes
 * that are not at the end, and who sends them stops the whole server.
 */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '/') end -= 1;
  return text.slice(0, end);
}
