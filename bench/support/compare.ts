import { formatNumber, formatSpread, spreadOf, type Spread } from './statistics.ts';
import type { Table } from './table.ts';

/** What one target reached in one case, or why it has no figure. */
export type Outcome = { readonly values: readonly number[] } | { readonly unavailable: string };

export interface Comparison {
  readonly description: string;
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

export interface ComparisonOptions {
  readonly title: string;
  readonly targets: readonly string[];
  /** By target: the share of its figure that Wheelhouse aims at. */
  readonly aims: Readonly<Record<string, number>>;
  /** Figures are times or costs: an aim is the share that must not be exceeded. */
  readonly lessIsBetter?: boolean;
}

/** A row for each case: every target's figure, then how many times the others' figures the first one reaches. */
export function comparisonTable(comparisons: readonly Comparison[], options: ComparisonOptions): Table {
  const [first, ...others] = options.targets;
  const ratioColumns = others.map((name) => `${first} / ${name}`);
  const rows = comparisons.map((comparison) => [
    comparison.description,
    ...options.targets.map((name) => formatOutcome(comparison.outcomes.get(name))),
    ...others.map((name) => formatRatio(ratio(comparison, first!, name))),
  ]);
  return {
    title: options.title,
    columns: ['', ...options.targets, ...ratioColumns],
    rows,
    notes: others.map((name) => summarise(comparisons, first!, name, options)).filter((note) => note !== ''),
  };
}

function summarise(
  comparisons: readonly Comparison[],
  first: string,
  other: string,
  { aims, lessIsBetter = false }: ComparisonOptions,
): string {
  const ratios = comparisons
    .map((each) => ({ value: ratio(each, first, other), description: each.description }))
    .filter((each) => each.value !== undefined)
    .toSorted((a, b) => (lessIsBetter ? b.value! - a.value! : a.value! - b.value!));
  if (ratios.length === 0) return '';
  const { median } = spreadOf(ratios.map((each) => each.value!));
  const worst = ratios[0]!;
  const text =
    `${first} / ${other}: median ${formatRatio(median)}, ` +
    `${lessIsBetter ? 'highest' : 'lowest'} ${formatRatio(worst.value)} (${worst.description})`;
  const aim = first === 'wheelhouse' ? aims[other] : undefined;
  if (aim === undefined) return text;
  const reached = ratios.filter(({ value }) => (lessIsBetter ? value! <= aim : value! >= aim)).length;
  return `${text}; aim ${lessIsBetter ? 'at most ' : ''}${aim}: reached in ${reached} of ${ratios.length}`;
}

function ratio(comparison: Comparison, first: string, other: string): number | undefined {
  const own = spread(comparison.outcomes.get(first));
  const theirs = spread(comparison.outcomes.get(other));
  return own === undefined || theirs === undefined || theirs.median === 0
    ? undefined
    : own.median / theirs.median;
}

function spread(outcome: Outcome | undefined): Spread | undefined {
  return outcome !== undefined && 'values' in outcome ? spreadOf(outcome.values) : undefined;
}

function formatOutcome(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'n/a';
  return 'values' in outcome ? formatSpread(spreadOf(outcome.values)) : `n/a: ${outcome.unavailable}`;
}

function formatRatio(value: number | undefined): string {
  if (value === undefined) return '-';
  if (value < 0.1) return value.toPrecision(2);
  return value < 10 ? value.toFixed(2) : formatNumber(value);
}
