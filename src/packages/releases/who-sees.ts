import { fullName, listOption, type Index } from '../model/index.ts';

const MOST = 20;

/** Those of the indexes that pass on what one of them has: its bases lead there. The nearest come first. */
export function indexesThatInherit(from: Index, all: readonly Index[]): Index[] {
  const inheriting = new Map<string, Index[]>();
  for (const index of all) {
    for (const base of listOption(index, 'bases'))
      inheriting.set(base, [...(inheriting.get(base) ?? []), index]);
  }
  const seen = new Set([fullName(from)]);
  const found: Index[] = [];
  for (let near = [fullName(from)]; near.length > 0 && found.length < MOST;) {
    const next = near
      .flatMap((name) => inheriting.get(name) ?? [])
      .filter((index) => !seen.has(fullName(index)));
    for (const index of next) {
      if (seen.has(fullName(index))) continue;
      seen.add(fullName(index));
      found.push(index);
    }
    near = next.map(fullName);
  }
  return found.slice(0, MOST);
}
