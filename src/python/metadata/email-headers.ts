import { demand } from '../archive-rejected.ts';

export interface Header {
  readonly name: string;
  /** The value and its continuation lines; indentation is kept. */
  readonly lines: readonly string[];
}

export interface Message {
  readonly headers: readonly Header[];
  readonly body: string;
}

const MAX_HEADERS = 10_000;
const MAX_LINES = 200_000;
const HEADER_NAME = /^[!-9;-~]*$/;

/**
 * Splits a message as Python's `email.parser` does: lines end with LF, CRLF or CR; a line that starts with a blank
 * continues the header before it; the body starts after the first empty line, or at the first line that cannot be a
 * header, which then belongs to the body.
 */
export function parseMessage(text: string): Message {
  const headers: { name: string; lines: string[] }[] = [];
  let lines = 0;
  for (let at = 0; at < text.length;) {
    const { line, next } = lineAt(text, at);
    if (line === '') return { headers, body: text.slice(next) };
    demand(
      ++lines <= MAX_LINES,
      'metadata.too-many-headers',
      () => 'the headers of the metadata have too many lines',
    );
    const colon = line.indexOf(':');
    if (line.startsWith(' ') || line.startsWith('\t')) {
      headers.at(-1)?.lines.push(line);
    } else if (colon > 0 && HEADER_NAME.test(line.slice(0, colon))) {
      headers.push({ name: line.slice(0, colon), lines: [line.slice(colon + 1).trimStart()] });
      demand(
        headers.length <= MAX_HEADERS,
        'metadata.too-many-headers',
        () => 'the metadata has too many headers',
      );
    } else if (colon !== 0 && !line.startsWith('From ')) {
      return { headers, body: text.slice(at) };
    }
    at = next;
  }
  return { headers, body: '' };
}

function lineAt(text: string, at: number): { line: string; next: number } {
  const lineBreak = /\r\n|\r|\n/g;
  lineBreak.lastIndex = at;
  const match = lineBreak.exec(text);
  if (match === null) return { line: text.slice(at), next: text.length };
  return { line: text.slice(at, match.index), next: match.index + match[0].length };
}
