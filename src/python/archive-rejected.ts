/**
 * The archive breaks a rule. `rule` is a stable code such as `zip.local-header-mismatch`; the message names the
 * offending member and what is wrong, in one short line of printable latin-1, because twine shows it as the HTTP
 * reason phrase.
 */
export class ArchiveRejected extends Error {
  readonly rule: string;

  constructor(rule: string, message: string) {
    super(printable(message, 300));
    this.name = 'ArchiveRejected';
    this.rule = rule;
  }
}

/** Throws `ArchiveRejected` unless the condition holds; the message is only built when it is needed. */
export function demand(condition: boolean, rule: string, message: () => string): asserts condition {
  if (!condition) throw new ArchiveRejected(rule, message());
}

/** Hears of a reason to reject where all of them are wanted. */
export type ReportRejection = (problem: ArchiveRejected) => void;

/** As `demand`, but tells who collects reasons, if somebody does, and goes on. */
export function demandOrReport(
  report: ReportRejection | undefined,
  condition: boolean,
  rule: string,
  message: () => string,
): void {
  if (condition) return;
  const problem = new ArchiveRejected(rule, message());
  if (report === undefined) throw problem;
  report(problem);
}

/** A name from an archive between quotes: control characters and all beyond latin-1 escaped, the middle cut out when long. */
export function quoted(name: string): string {
  const text = name.length <= 120 ? name : `${name.slice(0, 70)}...${name.slice(-45)}`;
  return `'${printable(text, 200)}'`;
}

function printable(text: string, limit: number): string {
  let result = '';
  for (const character of text.slice(0, limit)) {
    const code = character.codePointAt(0) ?? 0;
    const isPrintable = (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code <= 0xff);
    result += isPrintable ? character : `\\u{${code.toString(16)}}`;
  }
  return result.length <= limit ? result : `${result.slice(0, limit - 3)}...`;
}
