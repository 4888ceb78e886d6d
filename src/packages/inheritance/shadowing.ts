import { type Index, fullName, isPublic, listOption } from '../model/index.ts';

/** What becomes of one index of the resolution order, for one project. */
export interface Decision {
  readonly index: Index;
  /** True if the index contributes to the project; for a mirror, if it is asked. */
  readonly isVisible: boolean;
  /** The rule that decided, as a sentence for people. */
  readonly rule: string;
  /** The indexes that the rule names. */
  readonly because: readonly Index[];
}

/**
 * Decides which indexes a project is taken from. Closes dependency confusion: a project that a stage has is not merged
 * with a mirror's, unless the mirror whitelists on the way say so (reference devpi.md 2.4). A stage that joins mirrors counts
 * as one of them: what it has hides nothing, and is hidden where the project is private. `order` is what `resolveBases` gave;
 * its first index is the one that was asked, and decides whether whitelists are intersected or united. Indexes stored without
 * that option, from old dumps, unite.
 */
export function decideVisibility(
  order: readonly Index[],
  project: string,
  has: (index: Index) => boolean,
): readonly Decision[] {
  const { privateOn, whitelistedOn } = findPrivate(order, project, has);
  return order.map((index) => {
    if (!isPublic(index)) {
      return has(index)
        ? decision(index, true, 'has the project')
        : decision(index, false, 'has no such project');
    }
    const kind = index.type === 'mirror' ? 'a mirror' : 'joins mirrors';
    if (privateOn === undefined)
      return decision(index, has(index), `${kind}, and the project is not private`);
    if (whitelistedOn !== undefined) {
      const rule = `private on ${fullName(privateOn)}, and ${fullName(whitelistedOn)} whitelists the mirror’s`;
      return { index, isVisible: has(index), rule, because: [privateOn, whitelistedOn] };
    }
    const rule = `hidden: private on ${fullName(privateOn)}, and no mirror_whitelist names the project`;
    return { index, isVisible: false, rule, because: [privateOn] };
  });
}

/** The nearest stage on which the project is private, and the nearest that lets mirrors' files in all the same. */
function findPrivate(order: readonly Index[], project: string, has: (index: Index) => boolean) {
  const isUnion = (order[0]?.options['mirror_whitelist_inheritance'] ?? 'union') === 'union';
  let whitelist: ReadonlySet<string> | undefined;
  let whitelistedOn: Index | undefined;
  let privateOn: Index | undefined;
  for (const index of order) {
    if (isPublic(index)) continue;
    const own = new Set(listOption(index, 'mirror_whitelist'));
    whitelist = whitelist === undefined ? own : isUnion ? whitelist.union(own) : whitelist.intersection(own);
    if (whitelist.has(project) || whitelist.has('*')) whitelistedOn ??= index;
    else if (has(index)) privateOn ??= index;
  }
  return { privateOn, whitelistedOn };
}

/** The indexes that contribute to a project, in resolution order. */
export function selectVisible(
  order: readonly Index[],
  project: string,
  has: (index: Index) => boolean,
): readonly Index[] {
  return decideVisibility(order, project, has).flatMap(({ index, isVisible }) => (isVisible ? [index] : []));
}

function decision(index: Index, isVisible: boolean, rule: string): Decision {
  return { index, isVisible, rule, because: [] };
}
