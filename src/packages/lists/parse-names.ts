import type { Readable } from 'node:stream';
import { isProjectName, normalizeProjectName } from '#python/names/project-name.ts';
import { HtmlReader } from '../mirror/upstream/html-reader.ts';

/** Longest text between two names that is kept while looking for the next one. */
const MAX_PENDING = 64 * 1024;
const NAME = /"name"\s*:\s*"([^"\\]{1,200})"/g;

/**
 * The normalized names in an upstream's root list, PEP 691 JSON or PEP 503 HTML, read piece by piece: the whole may be
 * 40 MB. Names that can be no project are left out. Throws `SyntaxError` if the list ends in its middle, or
 * is nested as no list is.
 */
export async function parseNames(text: Readable): Promise<Set<string>> {
  const names = new Set<string>();
  const add = (name: string) => {
    const trimmed = name.trim();
    if (isProjectName(trimmed)) names.add(normalizeProjectName(trimmed));
  };
  let reader: NamesReader | undefined;
  for await (const chunk of text) {
    const piece = String(chunk);
    reader ??= /^\s*\{/.test(piece) ? jsonReader(add) : htmlReader(add);
    reader.read(piece);
  }
  reader?.end();
  return names;
}

interface NamesReader {
  read(piece: string): void;
  end(): void;
}

function jsonReader(add: (name: string) => void): NamesReader {
  let pending = '';
  return {
    read(piece) {
      pending += piece;
      let end = 0;
      for (const match of pending.matchAll(NAME)) {
        add(match[1] ?? '');
        end = match.index + match[0].length;
      }
      pending = pending.slice(Math.max(end, pending.length - MAX_PENDING));
    },
    end() {
      if (!/\}\s*$/.test(pending)) throw new SyntaxError('the list of projects ends in its middle');
    },
  };
}

function htmlReader(add: (name: string) => void): NamesReader {
  let text: string | undefined;
  const reader = new HtmlReader({
    onopentag(name) {
      text = name === 'a' ? '' : text;
    },
    ontext(piece) {
      if (text !== undefined && text.length < 300) text += piece;
    },
    onclosetag(name) {
      if (name !== 'a' || text === undefined) return;
      add(text);
      text = undefined;
    },
  });
  return { read: (piece) => reader.write(piece), end: () => reader.end() };
}
