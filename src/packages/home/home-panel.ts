import type { PackagesContext } from '../context.ts';
import { indexUrl } from '../index-url.ts';
import { listIndexes } from '../indexes/store.ts';
import type { ProjectLists } from '../lists/project-lists.ts';
import { countKept } from '../mirror/store.ts';
import { fullName, listOption, type Index } from '../model/index.ts';
import { indexSubject, isRestricted, mayRead, policy } from '../policy.ts';
import { useLines } from '../overview/use-lines.ts';
import { icon } from '#web/components/icon.ts';
import { html } from '#web/html.ts';
import type { HomePanel, Reader } from '#web/panels.ts';
import { indexesSection, useSection, type ShownIndex } from './pages.ts';
import { Holdings } from './holdings.ts';
import { DAYS } from './store.ts';

const MOST = 10;

/** What the home page shows of indexes: those of the reader, for strangers those that everybody may read. */
export function packagesPanel(context: PackagesContext, lists: ProjectLists): HomePanel {
  const holdings = new Holdings(context);
  context.events.listen(holdings);

  async function readable({ identity }: Reader): Promise<readonly Index[]> {
    return (await listIndexes(context.db)).filter((index) => mayRead(context, identity, index));
  }

  return {
    async summary(reader) {
      const { user } = reader.identity;
      const all = await readable(reader);
      if (user === undefined) return `${count(all.length, 'index', 'indexes')} that everybody may read`;
      return `${count(all.filter((index) => index.user === user).length, 'index', 'indexes')} of yours`;
    },
    async actions(reader) {
      const { identity } = reader;
      if (identity.user === undefined) return [];
      const target = (await readable(reader)).find(
        (index) =>
          index.user === identity.user &&
          policy.isAllowed(context, identity, 'packages.upload', indexSubject(index)),
      );
      const upload =
        target &&
        html`<a class="button" href="/${target.user}/${target.name}/+upload">${icon('upload')} Upload</a>`;
      const create = html`<a class="button" href="/${encodeURIComponent(identity.user)}/+new-index">New index</a>`;
      return upload === undefined ? [create] : [upload, create];
    },
    async main(reader) {
      const { user } = reader.identity;
      const all = await readable(reader);
      const own = all.filter((index) => index.user === user);
      const order = own.length > 0 ? [...own, ...all.filter(isMirrorOf(own))] : all;
      const shown = await describe({ context, lists, holdings }, order.slice(0, MOST));
      const used = own.find(({ type }) => type === 'stage') ?? own[0] ?? all[0];
      return html`${indexesSection({
        title: own.length > 0 ? 'My indexes' : 'Indexes',
        indexes: shown,
        total: all.length,
        user,
      })}
      ${used !== undefined && useSection(fullName(used), linesOf(context, reader, used, shown))}`;
    },
  };
}

/** Mirrors that the reader's indexes take from stand with them. */
function isMirrorOf(own: readonly Index[]): (index: Index) => boolean {
  const bases = new Set(own.flatMap((index) => listOption(index, 'bases')));
  const ids = new Set(own.map(({ id }) => id));
  return (index) => index.type === 'mirror' && bases.has(fullName(index)) && !ids.has(index.id);
}

interface Described {
  readonly context: PackagesContext;
  readonly lists: ProjectLists;
  readonly holdings: Holdings;
}

async function describe(
  { context, lists, holdings }: Described,
  indexes: readonly Index[],
): Promise<readonly ShownIndex[]> {
  const held = await holdings.of(indexes.map(({ id }) => id));
  const kept = indexes.some(({ type }) => type === 'mirror') ? await countKept(context.db) : new Map();
  return await Promise.all(
    indexes.map(async (index): Promise<ShownIndex> => {
      const holding = held.get(index.id);
      const none = {
        projects: 0,
        files: 0,
        bytes: 0,
        uploads: Array<number>(DAYS).fill(0),
        newest: undefined,
      };
      const isPrivate = isRestricted(context, index);
      if (index.type !== 'mirror') return { index, isPrivate, ...none, ...holding };
      return { index, isPrivate, ...none, ...kept.get(index.id), listed: await lists.countKnown(index) };
    }),
  );
}

function linesOf(
  context: PackagesContext,
  { outsideUrl }: Reader,
  index: Index,
  shown: readonly ShownIndex[],
) {
  const { user, name } = index;
  const newest = shown.find((each) => each.index.id === index.id)?.newest?.name;
  return useLines({
    user,
    name,
    url: indexUrl(outsideUrl, user, name),
    isPrivate: isRestricted(context, index),
    hasMirror: index.type === 'mirror' || listOption(index, 'bases').length > 0,
    takesUploads: index.type !== 'mirror',
    project: newest ?? 'PROJECT',
  });
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
