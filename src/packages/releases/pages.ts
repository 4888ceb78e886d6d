import { badge, state } from '#web/components/badge.ts';
import { formatBytes } from '#web/components/bytes.ts';
import { aside, columns } from '#web/components/columns.ts';
import { empty } from '#web/components/empty.ts';
import { icon } from '#web/components/icon.ts';
import { note } from '#web/components/note.ts';
import { sparkline } from '#web/components/sparkline.ts';
import { pagination, table, type Column } from '#web/components/table.ts';
import { formatCount } from '#web/components/tabs.ts';
import { time } from '#web/components/time.ts';
import { foreign, html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import type { Explanation } from '../inheritance/explain.ts';
import { fullName } from '../model/index.ts';
import type { UsedIndex } from '../overview/use-lines.ts';
import { installLines } from './install-lines.ts';
import { projectHeader, projectHref, whyHref, type ProjectHeader } from './project-header.ts';
import type { ShownVersion, VersionsOfProject } from './read-versions.ts';
import { whoDecides } from './who-decides.ts';

export type ProjectTop = Omit<ProjectHeader, 'current'>;

/** The versions of a project over an index and its bases. */
export function projectPage(input: {
  readonly top: ProjectTop;
  readonly versions: VersionsOfProject;
  readonly used: UsedIndex;
  readonly page: number;
  readonly here: string;
  readonly danger: Html | false;
}): Page {
  const { top, versions, used, page, here, danger } = input;
  const { place, displayName } = top;
  const main = html`${sentence(input.top, versions)} ${matrix(place, versions)}
    ${pagination({ here, page, total: versions.counts.all })}
    <h2>Who decides <span class="mute">the rules, in the order in which they are applied</span></h2>
    ${whoDecides(versions.explanations)}`;
  return {
    title: [displayName, fullName({ ...place.index })],
    section: 'packages',
    body: html`${projectHeader({ ...top, current: 'versions' })}
    ${columns(main, [installLines(used), releasesPerMonth(versions), danger && aside('Danger', danger)])}`,
  };
}

/** Why the project is seen, index by index. */
export function whyPage(input: {
  readonly top: ProjectTop;
  readonly explanations: readonly Explanation[];
}): Page {
  const { top, explanations } = input;
  const { place, displayName } = top;
  return {
    title: [`Why ${displayName}`, fullName({ ...place.index })],
    section: 'packages',
    body: html`${projectHeader({ ...top, current: 'why' })}
      <h2>
        Who decides <span class="mute">the rules, in the order in which the indexes are asked</span>
      </h2>
      ${whoDecides(explanations)}
      <p class="mute">
        A project that a stage has is not mixed with that of a mirror, unless
        <code>mirror_whitelist</code> names it: nobody outside can put a file under a private name.
      </p>`,
  };
}

function sentence({ place }: ProjectTop, versions: VersionsOfProject): Html {
  const { counts, explanations } = versions;
  const counting = explanations.filter(({ isVisible }) => isVisible).map(({ index }) => index);
  const leftOut = explanations.filter(({ rule }) => rule.startsWith('hidden: '));
  return note(
    'info',
    html`<p>
      Installers that ask <strong>${fullName(place.index)}</strong> see ${formatCount(counts.shown)}
      ${counts.shown === 1 ? 'version' : 'versions'} from ${listed(counting)}.
      ${leftOut.map(
        ({ index, rule }) =>
          html`What <strong>${index}</strong> has under this name is ${rule.replace('hidden: ', 'hidden: it is ')}.
          `,
      )}<a href="${whyHref(place)}">Why</a>
    </p>`,
  );
}

const MONTHS = 12;

/** How busy the project was in the last year; nothing where that is one release or none. */
function releasesPerMonth({ months }: VersionsOfProject): Html | false {
  const total = months.reduce((sum, each) => sum + each.count, 0);
  const [first] = months;
  if (total < 2 || first === undefined) return false;
  const counts = months.map(({ count }) => count);
  const sentence = `${total} releases in ${MONTHS} months, ${counts.at(-1)} of them in this one`;
  return aside(
    'Releases per month',
    html`${sparkline(counts, sentence, { width: 310, height: 60 })}
      <p class="mute">from ${first.month} on: ${sentence}</p>`,
  );
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? 'no index';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

function matrix(place: ProjectTop['place'], versions: VersionsOfProject): Html {
  if (versions.versions.length === 0) return empty('There is no version on this page.');
  const { newest, indexes } = versions;
  const names = indexes.map(({ name }) => name);
  const presence = indexes.map((index): Column<ShownVersion> => {
    const full = fullName(index);
    const isUnique = names.filter((name) => name === index.name).length === 1;
    return {
      label: isUnique ? index.name : full,
      cell: ({ on }) => PRESENCES[on.get(full) ?? 'absent'](full),
      isMinor: true,
    };
  });
  return table<ShownVersion>({
    caption: 'Versions',
    columns: [
      { label: 'Version', cell: (each) => versionLink(place, each) },
      { label: 'State', cell: (each) => stateOf(each, newest?.version === each.version, versions) },
      // More would not fit: the next column says which one serves it.
      ...(presence.length > 1 && presence.length <= 8 ? presence : []),
      {
        label: 'Served from',
        cell: ({ from }) => html`<span class="soft">${fullName(from)}</span>`,
        isMinor: true,
      },
      { label: 'Files', cell: ({ files }) => files, align: 'end', isMinor: true },
      {
        label: 'Size',
        cell: ({ bytes, files }) => (bytes === undefined || files === 0 ? '' : formatBytes(bytes)),
        align: 'end',
      },
      { label: 'When', cell: ({ at }) => at !== undefined && time(at), align: 'end' },
    ],
    rows: versions.versions,
    rowClass: ({ isHidden, yanked }) => (isHidden ? 'shadowed' : yanked === undefined ? undefined : 'yanked'),
  });
}

const PRESENCES: Readonly<Record<'serves' | 'has' | 'hidden' | 'absent', (index: string) => Html>> = {
  serves: (index) => html`<span class="state good">${icon('check', `served from ${index}`)}</span>`,
  has: (index) => html`<span class="state off">${icon('equal', `${index} has it too`)}</span>`,
  hidden: (index) => html`<span class="state off">${icon('lock', `hidden on ${index}`)}</span>`,
  absent: (index) => html`<span class="mute" title="not on ${index}">·</span>`,
};

function versionLink(place: ProjectTop['place'], { version, isHidden, yanked }: ShownVersion): Html {
  const name = foreign(version);
  if (isHidden) return html`${name}`;
  const link = html`<a href="${projectHref(place, version)}">${name}</a>`;
  return yanked === undefined ? link : html`<s>${link}</s>`;
}

function stateOf(
  version: ShownVersion,
  isNewest: boolean,
  { newest, explanations }: VersionsOfProject,
): Html {
  const { isHidden, yanked, isPre, from } = version;
  if (isHidden) {
    const rule = explanations.find(({ index }) => index === fullName(from))?.rule;
    return html`<span class="mute">${icon('lock')} ${rule?.split(',', 1)[0] ?? 'hidden'}</span>`;
  }
  if (yanked !== undefined) return html`${badge('yanked', 'bad')} ${foreign(yanked)}`;
  if (isNewest) return state('good', isPre ? 'installed, as there is no other' : 'what installers take');
  if (isPre && newest?.isPre !== true) return html`${badge('pre', 'warning')} only with --pre`;
  return html``;
}
