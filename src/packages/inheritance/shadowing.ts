import { listOption } from '../indexes/find.ts';
import type { Index } from '../indexes/store.ts';

export interface VisibleIndexes {
  /** Those that contribute to the project, in resolution order. */
  readonly indexes: readonly Index[];
  /** True if a mirror was left out because the project is private and not whitelisted. */
  readonly isMirrorHidden: boolean;
}

/**
 * Closes dependency confusion: a project that a stage has is not merged with a mirror's, unless the mirror
 * whitelists on the way say so (reference devpi.md 2.4). `order` is what `resolveBases` gave; its first index is
 * the one that was asked, and decides whether whitelists are intersected or united. Indexes stored without that
 * option, from old dumps, unite.
 */
export function selectVisible(
  order: readonly Index[],
  project: string,
  has: (index: Index) => boolean,
): VisibleIndexes {
  const isUnion = (order[0]?.options['mirror_whitelist_inheritance'] ?? 'union') === 'union';
  const visible: Index[] = [];
  let whitelist: ReadonlySet<string> | undefined;
  let isWhitelisted = false;
  let isPrivate = false;
  let isMirrorHidden = false;
  for (const index of order) {
    if (index.type === 'mirror') {
      if (isPrivate && !isWhitelisted) {
        isMirrorHidden = true;
        continue;
      }
    } else {
      const own = new Set(listOption(index, 'mirror_whitelist'));
      whitelist =
        whitelist === undefined ? own : isUnion ? whitelist.union(own) : whitelist.intersection(own);
      if (whitelist.has(project) || whitelist.has('*')) isWhitelisted = true;
      else if (has(index)) isPrivate = true;
    }
    if (has(index)) visible.push(index);
  }
  return { indexes: visible, isMirrorHidden };
}
