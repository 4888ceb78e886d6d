import { commands, groups } from './commands.ts';

const WIDEST = 80;
const OPTIONS = [
  ['-V, --version', 'Print the version'],
  ['-h, --help', 'Show help'],
] as const;

/** What can follow a command line of these words, by its next word: commands, and groups of commands. */
export function commandsAfter(words: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name, summary } of commands) {
    const parts = name.split(' ');
    const next = parts[words.length];
    if (next === undefined || !words.every((word, index) => parts[index] === word) || found.has(next))
      continue;
    found.set(next, parts.length === words.length + 1 ? summary : (groups[next] ?? ''));
  }
  return found;
}

/**
 * The help of all commands, or of a group of them. Written without the library that reads arguments: loading that takes as
 * long as all the rest.
 */
export function renderOverview(words: readonly string[] = []): string {
  const isWhole = words.length === 0;
  const listed = [...commandsAfter(words)];
  const options = isWhole ? OPTIONS : OPTIONS.slice(1);
  const width = Math.max(...[...listed, ...options].map(([name]) => name.length));
  const title = isWhole
    ? 'Takes Python from source to production on machines you own.'
    : `${groups[words.at(-1) ?? ''] ?? ''}.`;
  return [
    `Usage: ${['wheelhouse', ...words].join(' ')} [options] [command]`,
    title,
    section('Options', options, width),
    section('Commands', listed, width),
  ]
    .join('\n\n')
    .concat('\n');
}

function section(
  title: string,
  rows: readonly (readonly [name: string, text: string])[],
  width: number,
): string {
  const indent = ' '.repeat(width + 4);
  const lines = rows.map(([name, text]) => `  ${name.padEnd(width)}  ${wrap(text, indent)}`.trimEnd());
  return [`${title}:`, ...lines].join('\n');
}

function wrap(text: string, indent: string): string {
  const limit = Math.min(process.stdout.columns ?? WIDEST, WIDEST) - indent.length;
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > limit) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join(`\n${indent}`);
}
