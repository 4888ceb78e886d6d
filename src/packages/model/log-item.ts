/** What happened to a file, in devpi's form (reference devpi.md 1.9). */
export interface LogItem {
  readonly what: 'upload' | 'push' | 'overwrite';
  readonly who: string | null;
  /** `[year, month, day, hour, minute, second]` in UTC. */
  readonly when: readonly number[];
  readonly dst?: string;
  readonly src?: string;
  readonly count?: number;
  /** Not devpi’s: what made the file here, as `build 17`. */
  readonly by?: string;
}

/** `[year, month, day, hour, minute, second]` of a time in epoch milliseconds, UTC. */
export function logTime(at: number): number[] {
  const date = new Date(at);
  return [
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ];
}

/** What a new file's log begins with when it replaces another: that it was overwritten, and how often (reference devpi.md 1.7). */
export function overwriteLog(replaced: readonly LogItem[] | undefined): LogItem[] {
  if (replaced === undefined) return [];
  const count = replaced.reduce((sum, item) => sum + (item.count ?? 0), 0);
  const when = replaced.at(-1)?.when ?? [];
  return [{ what: 'overwrite', who: null, when, count: count + 1 }];
}
