import { checkListing, fetchPage, parseJsonPage, type Format } from '../support/page-cases.ts';
import type { Outcome } from '../support/compare.ts';
import type { Mirror, MirrorTargetName } from '../support/mirror-targets.ts';
import type { CommonOptions } from '../support/options.ts';
import { say } from '../support/run.ts';
import type { IndexProject } from '../support/synthetic-index.ts';
import type { Table } from '../support/table.ts';
import type { Upstream } from '../support/upstream.ts';

/** What every workload is given. */
export interface Bench {
  readonly options: CommonOptions;
  readonly targets: readonly MirrorTargetName[];
  readonly upstream: Upstream;
  readonly directory: string;
  /** Starts a target with nothing cached. */
  readonly start: (name: MirrorTargetName) => Promise<Mirror>;
}

/** The targets, started once for the workloads that do not need a new server for each sample. */
export type Running = () => Promise<readonly Mirror[]>;

export interface Findings {
  readonly tables: readonly Table[];
  readonly raw: Readonly<Record<string, unknown>>;
}

export type Outcomes = Map<string, Outcome>;

/** An answer that is not right. It scores nothing: the target has no figure for the case, but this instead. */
export class WrongAnswer extends Error {
  readonly score: string;

  constructor(message: string, score = 'wrong answers') {
    super(message);
    this.score = score;
  }
}

/** Does something with a target; what it answers wrongly is told instead of a figure. */
export async function orWrong<Result>(
  what: string,
  action: () => Promise<Result>,
): Promise<Result | { readonly unavailable: string }> {
  try {
    return await action();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    say(`  ${what}: ${text.slice(0, 500)}`);
    return { unavailable: error instanceof WrongAnswer ? error.score : 'wrong answers' };
  }
}

export function pageUrl({ server, path }: Mirror, project: string): string {
  return `${server.url}${path}${project}/`;
}

/** File name to sha256. */
export function expectedFiles({ files }: IndexProject): Map<string, string> {
  return new Map(files.map(({ filename, sha256 }) => [filename, sha256]));
}

/** Reads a page, checks that it lists what it must, and answers where its files are. */
export async function readFileUrls(
  mirror: Mirror,
  project: string,
  expected: ReadonlyMap<string, string>,
  format: Format = 'json',
): Promise<Map<string, string>> {
  const page = { project, files: expected.size, format };
  const { body } = await fetchPage(mirror.server, () => `${mirror.path}${project}/`, page, 'identity');
  checkListing(`${mirror.server.name}: ${project}`, format, body, expected);
  if (format === 'html') return new Map();
  const base = pageUrl(mirror, project);
  return new Map(parseJsonPage(body).files.map(({ filename, url }) => [filename, new URL(url, base).href]));
}

export const redirects = { unavailable: 'redirects' } as const;

export function isChosen(description: string, { only }: CommonOptions): boolean {
  return only === undefined || only.test(description);
}
