import { html, type Html, type HtmlValue } from '../html.ts';
import { formatCount } from './tabs.ts';

export interface Column<Row> {
  /** Empty for a column of actions, which say themselves what they do. */
  readonly label: string;
  cell(row: Row): HtmlValue;
  /** Numbers and times stand to the right. */
  readonly align?: 'end';
  /** The value of `sort` in the address that sorts by this column. */
  readonly sort?: string;
  /** Goes first where there is little room. */
  readonly isMinor?: boolean;
}

export interface TableOptions<Row> {
  /** Said to who cannot see the table; shown by nobody. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** The address of this list, with its query: links of sorting and pages keep the rest of it. */
  readonly here?: string;
  /** The state of a row, as a class: `yanked`, `hidden`. */
  rowClass?(row: Row): string | undefined;
}

/** A table whose first column names the row. Sorting is in the address. */
export function table<Row>({ caption, columns, rows, here, rowClass }: TableOptions<Row>): Html {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption class="hidden">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map((column) => head(column, here))}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr${classOf(rowClass?.(row))}>${columns.map((column, position) => cell(column, row, position))}</tr>\n`,
        )}
      </tbody>
    </table>
  </div>`;
}

function head<Row>(column: Column<Row>, here: string | undefined): Html {
  const { label, sort } = column;
  const attributes = classOf(classesOf(column));
  if (label === '') return html`<td></td>`;
  if (sort === undefined || here === undefined) return html`<th scope="col" ${attributes}>${label}</th>`;
  const current = queryOf(here).get('sort') ?? '';
  const isCurrent = current === sort || current === `-${sort}`;
  const next = current === sort ? `-${sort}` : sort;
  const order = isCurrent && html` aria-sort="${current === sort ? 'ascending' : 'descending'}"`;
  return html`<th scope="col" ${attributes}${order}>
    <a href="${withQuery(here, { sort: next, page: undefined })}">${label}</a>
  </th>`;
}

function cell<Row>(column: Column<Row>, row: Row, position: number): Html {
  const attributes = classOf(classesOf(column));
  return position === 0
    ? html`<th scope="row" ${attributes}>${column.cell(row)}</th>`
    : html`<td${attributes}>${column.cell(row)}</td>`;
}

function classesOf<Row>({ align, isMinor }: Column<Row>): string {
  return [align === 'end' ? 'end' : '', isMinor === true ? 'minor' : ''].filter(Boolean).join(' ');
}

function classOf(names: string | undefined): Html | false {
  return names !== undefined && names !== '' && html` class="${names}"`;
}

/** How many rows a page of a list has. */
export const PAGE_SIZE = 50;

/** `1 to 50 of 648`, with links to the pages before and after. */
export function pagination({
  here,
  page,
  total,
}: {
  readonly here: string;
  readonly page: number;
  readonly total: number;
}): Html {
  const first = (page - 1) * PAGE_SIZE + 1;
  const last = Math.min(page * PAGE_SIZE, total);
  if (total <= PAGE_SIZE && page === 1) return html``;
  return html`<nav class="pagination" aria-label="Pages">
    <span
      >${total === 0 || first > total ? 'none' : html`${formatCount(first)} to ${formatCount(last)}`} of
      ${formatCount(total)}</span
    >${
      page > 1 &&
      html` <a rel="prev" href="${withQuery(here, { page: page === 2 ? undefined : String(page - 1) })}"
        >previous</a
      >`
    }${last < total && html` <a rel="next" href="${withQuery(here, { page: String(page + 1) })}">next</a>`}
  </nav>`;
}

/** The page that an address asks for, from 1 on; anything that is none is the first. */
export function pageNumber(query: unknown): number {
  const given = Number((query as Record<string, unknown>)['page'] ?? 1);
  return Number.isInteger(given) && given >= 1 && given <= 1e6 ? given : 1;
}

function queryOf(address: string): URLSearchParams {
  const mark = address.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : address.slice(mark + 1));
}

/** The same address with some values of its query changed, or taken away. */
export function withQuery(address: string, changes: Readonly<Record<string, string | undefined>>): string {
  const query = queryOf(address);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) query.delete(key);
    else query.set(key, value);
  }
  const [path = '/'] = address.split('?');
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
