import { explain } from '@renovatebot/pep440';
import { compareVersions } from './compare-versions.ts';

interface Key {
  readonly version: string;
  /** Epoch, then what tells releases apart; undefined for what is no version. */
  readonly numbers: readonly number[] | undefined;
  readonly release: readonly number[];
}

const PHASES: Readonly<Record<string, number>> = { a: 0, b: 1, rc: 2 };
const FINAL = 3;

/** The versions in the order of `compareVersions`, newest first. Each is read once: a project may have thousands. */
export function newestFirst(versions: Iterable<string>): string[] {
  return [...versions]
    .map(keyOf)
    .sort((a, b) => compareKeys(b, a))
    .map(({ version }) => version);
}

function keyOf(version: string): Key {
  const parts = explain(version);
  if (parts === null) return { version, numbers: undefined, release: [] };
  const { epoch, release, pre, post, dev } = parts;
  const [letter, number] = pre ?? [];
  // A development version of a final release comes before its alphas (PEP 440).
  const isBare = pre === null && post === null && dev !== null;
  const phase = isBare ? -1 : letter === undefined ? FINAL : (PHASES[letter] ?? FINAL);
  return {
    version,
    numbers: [epoch, phase, Number(number ?? 0), Number(post ?? -1), Number(dev ?? Infinity)],
    release,
  };
}

function compareKeys(a: Key, b: Key): number {
  if (a.numbers === undefined || b.numbers === undefined) return compareVersions(a.version, b.version);
  const [epochA = 0, ...restA] = a.numbers;
  const [epochB = 0, ...restB] = b.numbers;
  if (epochA !== epochB) return epochA - epochB;
  const length = Math.max(a.release.length, b.release.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (a.release[at] ?? 0) - (b.release[at] ?? 0);
    if (difference !== 0) return difference;
  }
  for (const [at, number] of restA.entries()) {
    const other = restB[at] ?? 0;
    if (number !== other) return number < other ? -1 : 1;
  }
  // Local versions, and two spellings of one.
  return compareVersions(a.version, b.version);
}
