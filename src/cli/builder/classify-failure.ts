import type { LimitHit } from './limits.ts';

export type FailureClass =
  | 'time-limit'
  | 'memory-limit'
  | 'process-limit'
  | 'disk-limit'
  | 'missing-header'
  | 'missing-library'
  | 'missing-tool'
  | 'missing-requirement'
  | 'network'
  | 'unsupported-python'
  | 'bad-sdist'
  | 'bad-wheel'
  | 'import-fails'
  | 'build-fails';

/** When the same build may be tried again: never, unless somebody asks, or after some time, at most so often. */
export type RetryRule = 'final' | { readonly afterMs: number; readonly atMost: number };

export interface Failure {
  readonly failureClass: FailureClass;
  /** For people: what happened, and what would help. */
  readonly detail: string;
  /** What is missing: a header, a library, a program, a requirement. */
  readonly missing?: string;
  /** The Debian package that would bring it. */
  readonly debianPackage?: string;
  readonly retry: RetryRule;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What stands between two attempts may have changed: a larger machine, a package that was installed, a file that was uploaded. */
const RETRY_RULES: Readonly<Record<FailureClass, RetryRule>> = {
  'time-limit': { afterMs: DAY, atMost: 1 },
  'memory-limit': { afterMs: DAY, atMost: 1 },
  'process-limit': 'final',
  'disk-limit': { afterMs: HOUR, atMost: 1 },
  'missing-header': 'final',
  'missing-library': 'final',
  'missing-tool': 'final',
  'missing-requirement': { afterMs: DAY, atMost: 3 },
  network: { afterMs: 5 * MINUTE, atMost: 5 },
  'unsupported-python': 'final',
  'bad-sdist': 'final',
  'bad-wheel': 'final',
  'import-fails': 'final',
  'build-fails': 'final',
};

const LIMIT_SENTENCES: Readonly<Record<LimitHit, readonly [FailureClass, string]>> = {
  time: ['time-limit', 'the build took longer than it may'],
  memory: ['memory-limit', 'the build needs more memory than it may have'],
  processes: ['process-limit', 'the build started more processes than it may have'],
  disk: ['disk-limit', 'the build wrote more than it may, or the disk of the builder is almost full'],
};

interface Pattern {
  readonly failureClass: FailureClass;
  readonly pattern: RegExp;
  /** From what the pattern found in its first group. */
  readonly detail: (found: string) => string;
  /** Whether the group names what is missing. */
  readonly isMissing?: boolean;
  /** Another one than that of the class. */
  readonly retry?: RetryRule;
}

/** The first that is found anywhere counts: what says most stands first. */
const PATTERNS: readonly Pattern[] = [
  {
    failureClass: 'bad-sdist',
    pattern: /^(the sdist cannot be unpacked: .*)$/m,
    detail: (found) => found,
  },
  {
    failureClass: 'unsupported-python',
    pattern: /requires a different Python: (\S+ not in .+?)$/m,
    detail: (found) => `the project does not support this Python: ${found}`,
  },
  {
    failureClass: 'unsupported-python',
    pattern:
      /^\s*(?:RuntimeError|SystemExit|error|ERROR): (.*(?:requires|only (?:supports|works)|does(?:n't| not) support|needs) (?:at least )?Python.*)$/im,
    detail: (found) => `the project does not support this Python: ${found}`,
  },
  {
    failureClass: 'unsupported-python',
    pattern: /(Cannot install on Python version [^\n]+|Python (?:version )?\S+ is not supported[^\n]*)/i,
    detail: (found) => `the project does not support this Python: ${found}`,
  },
  {
    failureClass: 'network',
    pattern:
      /(?:index cannot be reached|NewConnectionError|Read timed out|ConnectTimeoutError|RemoteDisconnected|50[0234] (?:Server Error|Bad Gateway|Service Unavailable)[^\n]*127\.0\.0\.1)/,
    detail: () => 'the index could not be reached while it was built',
  },
  {
    failureClass: 'missing-requirement',
    pattern: /No matching distribution found for ([^\n]+?)\s*$/m,
    detail: (found) => `the index has no release of what the build requires: ${found}`,
    isMissing: true,
  },
  {
    failureClass: 'missing-header',
    pattern: /fatal error: '?([\w./+-]+\.(?:h|hh|hpp|hxx|H))'?(?::| file not found)/,
    detail: (found) => `missing header ${found}`,
    isMissing: true,
  },
  {
    failureClass: 'missing-library',
    pattern: /(?:ld(?:\.\w+)?: cannot find -l:?)([\w.+-]+)/,
    detail: (found) => `missing library ${found}`,
    isMissing: true,
  },
  {
    failureClass: 'missing-library',
    pattern:
      /(?:No package '([\w.+-]+)' found|Package '?([\w.+-]+)'?,? (?:required by|was not found in the pkg-config)|Dependency "?([\w.+-]+)"? not found|Could NOT find ([A-Z]\w+))/,
    detail: (found) => `missing library ${found}`,
    isMissing: true,
  },
  {
    failureClass: 'missing-library',
    pattern: /\blib([\w+-]+)\.so[\w.]*: cannot open shared object file/,
    detail: (found) => `missing library ${found}`,
    isMissing: true,
  },
  {
    failureClass: 'missing-library',
    pattern: /'?pkg-config (?:--\w+ )*--exists ([\w.+-]+)'? returned non-zero/,
    detail: (found) => `missing library ${found}`,
    isMissing: true,
  },
  {
    failureClass: 'missing-library',
    pattern: /\b((?!pkg[-_])\w[\w.]*[-_]config)(?: executable|: command|:)? not found/,
    detail: (found) => `missing library: ${found} is not there`,
    isMissing: true,
  },
  {
    failureClass: 'missing-tool',
    pattern:
      /can(?:'t|not) find (Rust) compiler|(Rust) not found, installing|[Cc]argo, the (Rust) package manager, is not|(Rust) toolchain (?:is )?not (?:found|installed)/,
    detail: () => 'the build needs Rust, which this builder does not have',
    isMissing: true,
  },
  {
    failureClass: 'missing-tool',
    pattern:
      /(?:command '([^'\n]+)' failed: No such file or directory|FileNotFoundError: \[Errno 2\] No such file or directory: '([a-z][a-z0-9_+-]*)'|(?:\/bin\/)?(?:ba)?sh: (?:\d+: |line \d+: )?([\w.+-]+): (?:command )?not found|Unknown compiler\(s\): \[\['([\w.+-]+)'\]|unable to execute '([^'\n]+)': No such file)/,
    detail: (found) => `the build needs the program ${found}, which this builder does not have`,
    isMissing: true,
  },
  {
    failureClass: 'missing-tool',
    pattern:
      /(CMake) must be installed|(cmake|ninja|meson|swig|gfortran|protoc|go|java)(?: executable)?:? (?:is )?(?:required|not found|must be installed)/i,
    detail: (found) => `the build needs the program ${found}, which this builder does not have`,
    isMissing: true,
  },
  {
    failureClass: 'memory-limit',
    pattern:
      /(MemoryError$|virtual memory exhausted|cc1(?:plus)?: out of memory|std::bad_alloc|Cannot allocate memory|Killed signal terminated program)/m,
    detail: () => LIMIT_SENTENCES.memory[1],
  },
  {
    failureClass: 'disk-limit',
    pattern: /(No space left on device|File too large|Disk quota exceeded)/,
    detail: () => LIMIT_SENTENCES.disk[1],
  },
  {
    failureClass: 'process-limit',
    pattern:
      /(BlockingIOError: \[Errno 11\]|fork: (?:retry: )?Resource temporarily unavailable|can't start new thread)/,
    detail: () => LIMIT_SENTENCES.processes[1],
  },
  {
    failureClass: 'network',
    pattern:
      /(?:Temporary failure in name resolution|Name or service not known|Network is unreachable|Could not resolve host|urlopen error|transport '\w+' not allowed)/,
    detail: () => 'the build itself wants to download something; only the index can be reached from a build',
    retry: 'final',
  },
  {
    failureClass: 'missing-requirement',
    pattern: /ModuleNotFoundError: No module named '([\w.]+)'/,
    detail: (found) =>
      `the build needs the module ${found}, and the project does not say so in its build requirements`,
    retry: 'final',
    isMissing: true,
  },
];

/** The class of a build that failed, from the limit that ended it or else from the end of its log. */
export function classifyFailure(limit: LimitHit | undefined, lines: readonly string[]): Failure {
  if (limit !== undefined) return limitFailure(limit);
  const text = lines.join('\n');
  for (const each of PATTERNS) {
    const { failureClass, pattern, detail, isMissing = false, retry = RETRY_RULES[failureClass] } = each;
    const match = pattern.exec(text);
    if (match === null) continue;
    const found = match.slice(1).find((group) => group !== undefined) ?? '';
    return {
      failureClass,
      detail: detail(found),
      ...(isMissing && { missing: found }),
      retry,
    };
  }
  return failureOf('build-fails', lastError(lines));
}

/** A failure of a class that is known. */
export function failureOf(failureClass: FailureClass, detail: string): Failure {
  return { failureClass, detail, retry: RETRY_RULES[failureClass] };
}

function limitFailure(limit: LimitHit): Failure {
  return failureOf(...LIMIT_SENTENCES[limit]);
}

/** The line that says most: the last exception or compiler error, and not pip's own words about it. */
function lastError(lines: readonly string[]): string {
  const said = lines.map((line) => line.trim());
  const found = said.findLast(
    (line) =>
      /^(?:\w+\.)*\w*(?:Error|Exception|Exit)\b(?::|$)|\berror: /.test(line) &&
      !/subprocess-exited|Failed building|Failed to build|metadata-generation/.test(line),
  );
  return `the build failed: ${found ?? said.findLast((line) => line !== '') ?? 'it printed nothing'}`.slice(
    0,
    500,
  );
}
