/** One option of a file that Python's configparser reads: where it stands and what it says. */
interface IniOption {
  readonly section: string;
  readonly key: string;
  /** The first line, and how many it takes with those that continue it. */
  readonly line: number;
  readonly lines: number;
  /** What stands before the value: the key as it is spelled, and the sign. */
  readonly prefix: string;
  readonly values: readonly string[];
  /** Whether the values stand below the key, each on a line of its own. */
  readonly isBlock: boolean;
}

const HEADER = /^\[([^\]]+)\]/;
const OPTION = /^(([^\s#;=:[][^=:]*?)\s*[=:]\s*)(.*)$/;

/** The values of an option, one a line; in any section where none is named. */
export function readIni(text: string, key: string, section?: string): readonly string[] | undefined {
  return find(linesOf(text), key, section)[0]?.values;
}

/**
 * Sets an option and leaves every other line as it is, comments included. Without `isAnywhere` it is the option of that section;
 * with it all of that name change, whatever section they are in, and it is added where there is none.
 */
export function setIni(text: string, { section, key, values, isAnywhere = false }: IniChange): string {
  const lines = linesOf(text);
  const found = find(lines, key, isAnywhere ? undefined : section);
  for (const option of found.toReversed()) {
    lines.splice(option.line, option.lines, ...render(option.prefix, values, option.isBlock));
  }
  if (found.length > 0) return join(lines);
  const added = render(`${key} = `, values);
  const header = lines.findIndex((line) => HEADER.exec(line)?.[1] === section);
  if (header >= 0) lines.splice(header + 1, 0, ...added);
  else lines.push(...(lines.length > 0 && lines.at(-1) !== '' ? [''] : []), `[${section}]`, ...added);
  return join(lines);
}

export interface IniChange {
  readonly section: string;
  readonly key: string;
  readonly values: readonly string[];
  readonly isAnywhere?: boolean;
}

/** Takes an option away, and its section if nothing is left there; everything else stays. */
export function removeIni(text: string, key: string, section?: string): string {
  const lines = linesOf(text);
  const found = find(lines, key, section);
  for (const option of found.toReversed()) lines.splice(option.line, option.lines);
  return join(withoutEmpty(lines, new Set(found.map((option) => option.section))));
}

/** Takes a section away with all that is in it. */
export function removeIniSection(text: string, section: string): string {
  const lines = linesOf(text);
  const start = lines.findIndex((line) => HEADER.exec(line)?.[1] === section);
  if (start < 0) return text;
  const next = lines.findIndex((line, at) => at > start && HEADER.test(line));
  lines.splice(start, (next < 0 ? lines.length : next) - start);
  while (lines.at(-1) === '') lines.pop();
  return join(lines);
}

/** Names are compared as pip does: whatever the case, `_` like `-`. */
function find(lines: readonly string[], key: string, section: string | undefined): readonly IniOption[] {
  const wanted = normalize(key);
  return optionsOf(lines).filter(
    (option) => normalize(option.key) === wanted && (section === undefined || option.section === section),
  );
}

function optionsOf(lines: readonly string[]): readonly IniOption[] {
  const options: IniOption[] = [];
  let section = '';
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    section = HEADER.exec(line)?.[1] ?? section;
    const [, prefix = '', key, first = ''] = OPTION.exec(line) ?? [];
    if (key === undefined || HEADER.test(line)) continue;
    let end = at + 1;
    while (/^\s+[^\s#;]/.test(lines[end] ?? '')) end += 1;
    const values = [first, ...lines.slice(at + 1, end)].map((value) => value.trim()).filter(Boolean);
    const isBlock = first.trim() === '' && end > at + 1;
    options.push({ section, key, line: at, lines: end - at, prefix, values, isBlock });
    at = end - 1;
  }
  return options;
}

function render(prefix: string, values: readonly string[], isBlock = false): readonly string[] {
  if (values.length === 1 && !isBlock) return [`${prefix}${values[0]}`];
  return [prefix.trimEnd(), ...values.map((value) => `    ${value}`)];
}

function withoutEmpty(lines: readonly string[], sections: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let at = 0; at < lines.length;) {
    const name = HEADER.exec(lines[at] ?? '')?.[1];
    let end = at + 1;
    while (end < lines.length && !HEADER.test(lines[end] ?? '')) end += 1;
    const isEmpty = lines.slice(at + 1, end).every((line) => line.trim() === '');
    if (name === undefined || !sections.has(name) || !isEmpty) kept.push(...lines.slice(at, end));
    at = end;
  }
  while (kept.at(-1) === '') kept.pop();
  return kept;
}

function normalize(key: string): string {
  return key.trim().toLowerCase().replaceAll('_', '-');
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split('\n');
}

function join(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
