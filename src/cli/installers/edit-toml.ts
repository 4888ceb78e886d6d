import { parse } from 'smol-toml';

export type TomlTable = Readonly<Record<string, unknown>>;

/** A key with the tables above it: `['repositories', 'wheelhouse', 'url']`. */
export type TomlPath = readonly [string, ...string[]];

/** What stands at a path of a file, if it is text. Throws if the file is no TOML. */
export function readToml(text: string, path: TomlPath): string | undefined {
  const value = at(parse(text), path);
  return typeof value === 'string' ? value : undefined;
}

/**
 * Sets a text and leaves every other line as it is, comments included. Throws if the file is no TOML, or if it is written in a
 * way that cannot be changed line by line.
 */
export function setToml(text: string, path: TomlPath, value: string): string {
  const expected = withValue(parse(text), path, value);
  const lines = linesOf(text);
  const line = `${bare(path.at(-1) ?? '')} = ${JSON.stringify(value)}`;
  const present = findLine(lines, path);
  if (present !== undefined) lines[present] = line + commentOf(lines[present] ?? '');
  else insert(lines, path.slice(0, -1), line);
  return checked(join(lines), expected, path);
}

/** Takes a key away, and its table if nothing is left there; everything else stays. Throws as `setToml` does. */
export function removeToml(text: string, path: TomlPath): string {
  const document = parse(text);
  if (at(document, path) === undefined) return text;
  const lines = linesOf(text);
  const present = findLine(lines, path);
  if (present !== undefined) lines.splice(present, 1);
  const header = `[${path.slice(0, -1).map(bare).join('.')}]`;
  const table = lines.findIndex((line) => withoutSpace(line) === header);
  if (path.length > 1 && table >= 0) {
    const next = lines.findIndex((line, position) => position > table && /^\s*\[/.test(line));
    const end = next < 0 ? lines.length : next;
    if (lines.slice(table + 1, end).every((line) => line.trim() === '')) lines.splice(table, end - table);
  }
  while (lines.at(-1) === '') lines.pop();
  return checked(join(lines), withValue(document, path, undefined), path);
}

function insert(lines: string[], table: readonly string[], line: string): void {
  if (table.length === 0) {
    lines.unshift(line);
    return;
  }
  const header = `[${table.map(bare).join('.')}]`;
  const present = lines.findIndex((each) => withoutSpace(each) === header);
  if (present >= 0) lines.splice(present + 1, 0, line);
  else lines.push(...(lines.length > 0 && lines.at(-1) !== '' ? [''] : []), header, line);
}

/** The line of a key in a table with a header of its own, or at the top. */
function findLine(lines: readonly string[], path: TomlPath): number | undefined {
  const header = path.length === 1 ? undefined : `[${path.slice(0, -1).map(bare).join('.')}]`;
  let current: string | undefined;
  for (const [position, line] of lines.entries()) {
    if (/^\s*\[/.test(line)) current = withoutSpace(line);
    const [, quoted, plain] = /^\s*(?:"([^"]+)"|([\w-]+))\s*=/.exec(line) ?? [];
    if (current === header && (quoted ?? plain) === path.at(-1)) return position;
  }
  return undefined;
}

/** The comment behind a value, where the value has no `#` itself. */
function commentOf(line: string): string {
  return /^[^#"']*(?:"[^"#]*"|'[^'#]*')(\s*#.*)$/.exec(line)?.[1] ?? '';
}

function withoutSpace(line: string): string {
  return line.replace(/#.*$/, '').replaceAll(/\s/g, '').replaceAll('"', '');
}

function bare(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
}

/** Nothing but the one value may have changed: what cannot be edited by line is refused. */
function checked(text: string, expected: unknown, path: TomlPath): string {
  let result: unknown;
  try {
    result = parse(text);
  } catch {
    result = undefined;
  }
  if (JSON.stringify(sorted(result)) === JSON.stringify(sorted(expected))) return text;
  throw new Error(`${path.join('.')} is written in a form that cannot be changed here`);
}

function at(document: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as TomlTable)[key] : undefined),
    document,
  );
}

function withValue(
  document: unknown,
  [key, ...rest]: readonly string[],
  value: string | undefined,
): TomlTable {
  const table = typeof document === 'object' && document !== null ? (document as TomlTable) : {};
  if (key === undefined) return table;
  const { [key]: present, ...others } = table;
  const next = rest.length === 0 ? value : withValue(present, rest, value);
  return next === undefined || isEmptyTable(next) ? others : { ...others, [key]: next };
}

function isEmptyTable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** In one order, and without tables that hold nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, sorted(each)] as const);
  return Object.fromEntries(
    entries.filter(([, each]) => !isEmptyTable(each)).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split('\n');
}

function join(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
