import { isDeepStrictEqual } from 'node:util';
import type { PackagesContext } from '../context.ts';
import { resolveBases } from '../inheritance/resolve.ts';
import { selectVisible } from '../inheritance/shadowing.ts';
import { findReservation } from '../mirror/reserved-names.ts';
import { fullName, type Index, type Options } from '../model/index.ts';
import { isRestricted } from '../policy.ts';
import { listHoldings } from './store.ts';

/** What would become of an index with other options. */
export interface Preview {
  /** Options that would differ. */
  readonly changed: readonly string[];
  /** Facts as sentences, what hurts first. */
  readonly facts: readonly Fact[];
}

export interface Fact {
  readonly text: string;
  readonly isWarning: boolean;
  /** Names that it is about, the first of them. */
  readonly names: readonly string[];
}

const NAMES = 8;

/**
 * Says what would change for who installs from the index, decided by the code that decides its pages. For who administers the index: it
 * does not ask what they may read of its bases. Of mirrors it counts what somebody has asked for.
 */
export async function previewChange(
  context: PackagesContext,
  index: Index,
  options: Options,
): Promise<Preview> {
  const after = { ...index, options };
  const changed = Object.keys({ ...index.options, ...options }).filter(
    (key) => !isDeepStrictEqual(index.options[key], options[key]),
  );
  const facts: Fact[] = [];
  const say = (text: string, isWarning = false, names: readonly string[] = []) =>
    facts.push({ text, isWarning, names: names.slice(0, NAMES) });
  if (DECIDING.some((option) => changed.includes(option))) {
    const [before, then] = [await seenOf(context, index), await seenOf(context, after)];
    const hidden = [...before.keys()].filter((name) => !then.has(name));
    const shown = [...then.keys()].filter((name) => !before.has(name));
    const moved = [...then].filter(([name, from]) => before.has(name) && before.get(name) !== from);
    if (hidden.length > 0) say(`${projects(hidden.length)} ${become(hidden)} hidden`, true, hidden);
    if (shown.length > 0) say(`${projects(shown.length)} ${become(shown)} visible`, false, shown);
    if (moved.length > 0) {
      const names = moved.map(([name]) => name);
      say(
        `${projects(moved.length)} ${names.length === 1 ? 'is' : 'are'} taken from other indexes than now`,
        true,
        names,
      );
    }
    if (hidden.length + shown.length + moved.length === 0)
      say('Every project that is known stays where it is');
  }
  const [wasRestricted, isNowRestricted] = [isRestricted(context, index), isRestricted(context, after)];
  if (!wasRestricted && isNowRestricted) say('Installers need a token from now on', true);
  if (wasRestricted && !isNowRestricted) say('Everybody who reaches this server may read from now on', true);
  if (changed.includes('volatile')) {
    if (options['volatile'] === true)
      say('Files may be replaced and removed, and the index may be deleted', true);
    else say('Files keep their bytes; removing needs to be forced, and the index cannot be deleted');
  }
  if (changed.includes('mirror_url') && index.type === 'mirror') {
    const known = (await listHoldings(context.db, [index])).length;
    say(`${projects(known)} of the old upstream ${known === 1 ? 'is' : 'are'} forgotten`, known > 0);
  }
  return { changed, facts: facts.toSorted((a, b) => Number(b.isWarning) - Number(a.isWarning)) };
}

/** Options that say which projects are seen, and from where. */
const DECIDING = ['bases', 'mirror_whitelist', 'mirror_whitelist_inheritance', 'mirror_reserved_names'];

/** By project: the indexes that it is taken from. */
async function seenOf({ db }: PackagesContext, index: Index): Promise<Map<string, string>> {
  const order = await resolveBases(db, index);
  const byId = new Map(order.map((each) => [each.id, each]));
  const having = Map.groupBy(await listHoldings(db, order), ({ name }) => name);
  const seen = new Map<string, string>();
  for (const [name, holdings] of having) {
    const has = new Set(
      holdings.flatMap(({ indexId }) => {
        const holder = byId.get(indexId);
        return holder === undefined || findReservation(holder, name) !== undefined ? [] : indexId;
      }),
    );
    const from = selectVisible(order, name, ({ id }) => has.has(id));
    if (from.length > 0) seen.set(name, from.map(fullName).join(' '));
  }
  return seen;
}

function projects(count: number): string {
  return count === 1 ? '1 project' : `${count} projects`;
}

function become(names: readonly string[]): string {
  return names.length === 1 ? 'becomes' : 'become';
}
