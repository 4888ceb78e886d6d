const MAX_LENGTH = 200;

/** A text made fit for the HTTP/1.1 status line: one line, Latin-1, bounded (reference packaging.md 8). */
export function reasonPhrase(text: string): string {
  const safe = text
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/[^\u0020-\u00ff]/g, '?')
    .trim();
  return safe.length <= MAX_LENGTH ? safe : `${safe.slice(0, MAX_LENGTH - 3)}...`;
}
