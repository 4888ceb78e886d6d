import type { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { printable } from '../../printable.ts';

export interface CollectedLog {
  /** The last lines, for whoever looks for the reason of a failure. */
  readonly tail: readonly string[];
  readonly bytes: number;
}

const MAX_LINE = 4096;
const TAIL_LINES = 2000;
const TAIL_TOLD = 200;

/**
 * Reads what a program prints, line by line, without control characters. Lines are told as they come until they are more than `limit` bytes; after that only the
 * last ones are, at the end. A line that does not end is cut.
 */
export async function collectLog(
  streams: readonly Readable[],
  limit: number,
  onLine: (line: string) => void,
): Promise<CollectedLog> {
  const tail: string[] = [];
  let bytes = 0;
  let leftOut = 0;
  const take = (raw: string) => {
    const line = printable(stripVTControlCharacters(raw).replaceAll('\t', '    '));
    bytes += Buffer.byteLength(line) + 1;
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.splice(0, TAIL_LINES / 2);
    if (bytes <= limit) onLine(line);
    else leftOut += 1;
  };
  await Promise.all(streams.map((stream) => readLines(stream, take)));
  const told = tail.slice(-Math.min(leftOut, TAIL_TOLD, tail.length));
  if (leftOut > 0) {
    onLine(`[${leftOut} lines more than the log may have; the last ${told.length} follow]`);
    for (const line of told) onLine(line);
  }
  return { tail, bytes };
}

async function readLines(stream: Readable, take: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n|\r(?=.)/);
      rest = lines.pop() ?? '';
      for (const line of lines) take(line.slice(0, MAX_LINE));
      for (; rest.length > MAX_LINE; rest = rest.slice(MAX_LINE)) take(rest.slice(0, MAX_LINE));
    }
  } catch {
    // A stream that was torn off has no more lines.
  }
  if (rest !== '') take(rest);
}
