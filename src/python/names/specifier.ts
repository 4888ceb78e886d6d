import {
  comparePublic,
  firstPreReleaseKey,
  lastPostReleaseKey,
  versionKey,
  type VersionKey,
} from './version-key.ts';

/** A version specifier (PEP 440), read once so that it can be asked often. */
export interface Specifier {
  /** True if a clause names a pre-release: then installers take any that fit, as the version specifiers of PyPA say. */
  readonly namesPreRelease: boolean;
  /** Whether all clauses hold, pre-release or not: which of those are wanted is for the caller to say. */
  readonly admits: (version: VersionKey) => boolean;
}

interface Clause {
  readonly namesPreRelease: boolean;
  readonly admits: (version: VersionKey) => boolean;
}

const CLAUSE = /^(===|==|~=|!=|<=|>=|<|>)\s*(\S+)$/;

/**
 * Reads `>=3,!=3.1.*`; the empty specifier admits everything. Undefined for what is no specifier.
 *
 * `satisfies` of @renovatebot/pep440 is not used here: it reads both sides anew for each version, says no to 1.0 for `>1.0a1` and
 * to 1.0.post2 for `>1.0.post1`, and judges pre-releases by each clause alone.
 */
export function parseSpecifier(text: string): Specifier | undefined {
  const texts = text
    .split(',')
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '');
  const clauses = texts.map(parseClause);
  const known = clauses.filter((clause) => clause !== undefined);
  if (known.length < clauses.length) return undefined;
  return {
    namesPreRelease: known.some(({ namesPreRelease }) => namesPreRelease),
    admits: (version) => known.every(({ admits }) => admits(version)),
  };
}

function parseClause(text: string): Clause | undefined {
  const [, operator = '', operand = ''] = CLAUSE.exec(text) ?? [];
  if (operator === '===') {
    const exact = operand.toLowerCase();
    return {
      namesPreRelease: versionKey(operand)?.isPreRelease ?? false,
      admits: ({ version }) => version.toLowerCase() === exact,
    };
  }
  const isPrefix = operand.endsWith('.*');
  const key = versionKey(isPrefix ? operand.slice(0, -2) : operand);
  if (key === undefined || !isAllowed(operator, key, isPrefix)) return undefined;
  const admits = isPrefix ? prefixClause(operator, key) : CLAUSES[operator]?.(key);
  return admits && { namesPreRelease: operator !== '!=' && key.isPreRelease, admits };
}

/** What PEP 440 lets follow an operator. */
function isAllowed(operator: string, key: VersionKey, isPrefix: boolean): boolean {
  const isEquality = operator === '==' || operator === '!=';
  if (isPrefix) return isEquality && /^v?(?:\d+!)?[\d.]+$/i.test(key.version);
  if (key.local !== null) return isEquality;
  return operator !== '~=' || key.release.length > 1;
}

function prefixClause(operator: string, key: VersionKey): Clause['admits'] {
  return (version) => startsWith(version, key) === (operator === '==');
}

// `<1.0` admits no pre-release of 1.0, and `>1.0` no post-release of it.
const CLAUSES: Readonly<Record<string, (key: VersionKey) => Clause['admits']>> = {
  '==': (key) => (version) => isEqual(version, key),
  '!=': (key) => (version) => !isEqual(version, key),
  '<=': (key) => (version) => comparePublic(version, key) <= 0,
  '>=': (key) => (version) => comparePublic(version, key) >= 0,
  '<': (key) => {
    const bound = key.isPreRelease ? key : firstPreReleaseKey(key);
    return (version) => comparePublic(version, bound) < 0;
  },
  '>': (key) => {
    const bound = key.isPostRelease ? key : lastPostReleaseKey(key);
    return (version) => comparePublic(version, bound) > 0;
  },
  '~=': (key) => {
    const prefix = { ...key, release: key.release.slice(0, -1) };
    return (version) => comparePublic(version, key) >= 0 && startsWith(version, prefix);
  },
};

/** The local part of a version counts only where the clause has one. */
function isEqual(version: VersionKey, key: VersionKey): boolean {
  return comparePublic(version, key) === 0 && (key.local === null || version.local === key.local);
}

function startsWith(version: VersionKey, prefix: VersionKey): boolean {
  return (
    version.epoch === prefix.epoch &&
    prefix.release.every((number, at) => number === (version.release[at] ?? 0))
  );
}
