import stringWidth from 'string-width';
import { printable } from './printable.ts';

export type Cell = string | number | undefined;

export interface Column {
  readonly title: string;
  /** What must not be shortened while another column can be, such as an id that is typed again. */
  readonly isWhole?: boolean;
}

const GAP = '  ';
const NARROWEST = 8;

/**
 * A table as lines of text, with its titles above it; nothing for no rows. Numbers stand to the right. Where `width` is
 * given, cells are shortened until the lines fit, the widest first. Characters that a terminal would obey are shown
 * escaped.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { width }: { readonly width?: number | undefined } = {},
): string {
  if (rows.length === 0) return '';
  const isNumeric = columns.map((_column, at) => rows.every((row) => typeof row[at] !== 'string'));
  const titles = columns.map(({ title }) => title);
  const lines = [titles, ...rows].map((row) =>
    columns.map((_column, at) => printable(String(row[at] ?? ''))),
  );
  const natural = columns.map((_column, at) => Math.max(...lines.map((line) => stringWidth(line[at] ?? ''))));
  const widths = width === undefined ? natural : fit(natural, columns, width);
  return lines
    .map((line) => line.map((cell, at) => align(cell, widths[at] ?? 0, isNumeric[at] === true)).join(GAP))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/**
 * Prints a table to stdout: as wide as the terminal there, and whole for programs.
 * @public
 */
export function printTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
  const { isTTY, columns: width } = process.stdout;
  process.stdout.write(renderTable(columns, rows, { width: isTTY ? width : undefined }));
}

/** Takes one cell of width after another from the widest column that may be shortened. */
function fit(natural: readonly number[], columns: readonly Column[], width: number): readonly number[] {
  const widths = [...natural];
  const room = width - GAP.length * (columns.length - 1);
  let excess = widths.reduce((sum, each) => sum + each, 0) - room;
  for (const isLastResort of [false, true]) {
    while (excess > 0) {
      const open = widths.map(
        (each, at) => (columns[at]?.isWhole === true) === isLastResort && each > NARROWEST,
      );
      const widest = Math.max(...widths.filter((_each, at) => open[at]));
      const at = widths.findIndex((each, position) => open[position] && each === widest);
      if (at < 0) break;
      widths[at] = widest - 1;
      excess -= 1;
    }
  }
  return widths;
}

function align(cell: string, width: number, isRight: boolean): string {
  const shown = shorten(cell, width);
  const padding = ' '.repeat(Math.max(0, width - stringWidth(shown)));
  return isRight ? padding + shown : shown + padding;
}

/** Cuts between characters as people see them, and says with an ellipsis that it did. */
function shorten(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let shown = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += stringWidth(segment);
    if (used > width - 1) break;
    shown += segment;
  }
  return `${shown}…`;
}
