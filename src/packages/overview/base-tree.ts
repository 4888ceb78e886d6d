import { fullName, listOption, type Index } from '../model/index.ts';

/** An index in the order in which it is asked, with how it came into that order. */
export interface BaseNode {
  readonly index: Index;
  /** Position in the order of the index that names it as a base, nearest first; undefined for the one that was asked. */
  readonly through: number | undefined;
  /** How many steps from the index that was asked. */
  readonly distance: number;
  /** True if the reader may not see what is on it. */
  readonly isHidden: boolean;
  /** How many projects it has; undefined if that is not known or not told. */
  readonly count: number | undefined;
}

/** The order of resolution as a tree: which index brought which. */
export function treeOfBases(
  order: readonly Index[],
  { hidden, counts }: { readonly hidden: ReadonlySet<number>; readonly counts: ReadonlyMap<number, number> },
): readonly BaseNode[] {
  const positions = new Map(order.map((index, position) => [fullName(index), position]));
  const through = new Map<number, { readonly by: number; readonly distance: number }>([
    [0, { by: -1, distance: 0 }],
  ]);
  // Mirrors stand last in the order and are named by nearer stages; as many steps away as they are named.
  for (const [at, { distance }] of through) {
    const index = order[at];
    for (const base of index === undefined ? [] : listOption(index, 'bases')) {
      const position = positions.get(base);
      if (position !== undefined && !through.has(position))
        through.set(position, { by: at, distance: distance + 1 });
    }
  }
  return order.map((index, position) => {
    const way = through.get(position);
    const isHidden = hidden.has(index.id);
    return {
      index,
      through: way === undefined || way.by < 0 ? undefined : way.by,
      distance: way?.distance ?? 1,
      isHidden,
      count: isHidden ? undefined : (counts.get(index.id) ?? 0),
    };
  });
}
