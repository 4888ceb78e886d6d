/**
 * Text from elsewhere as a terminal may show it: control characters, which move the cursor or change colours, and those
 * that turn the direction of writing become visible escapes. Everything else stays, emoji and all scripts included.
 */
export function printable(text: string): string {
  return text.replace(HARMFUL, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

// C0, DEL and C1; marks and overrides of direction; separators of lines and paragraphs.
// oxlint-disable-next-line no-control-regex
const HARMFUL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
