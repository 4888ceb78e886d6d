import { badge } from '#web/components/badge.ts';
import { formatBytes } from '#web/components/bytes.ts';
import { aside, columns, facts } from '#web/components/columns.ts';
import { copyable, digest } from '#web/components/copyable.ts';
import { empty } from '#web/components/empty.ts';
import { heading } from '#web/components/heading.ts';
import { icon } from '#web/components/icon.ts';
import { note } from '#web/components/note.ts';
import { table } from '#web/components/table.ts';
import { tabs } from '#web/components/tabs.ts';
import { exactTime, time } from '#web/components/time.ts';
import { foreign, html, trusted, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { describeArchive } from '#python/words/describe-archive.ts';
import { describePythonVersions } from '#python/words/describe-python-versions.ts';
import { encodePathSegment } from '../model/file-path.ts';
import { fullName, type Index } from '../model/index.ts';
import type { UsedIndex } from '../overview/use-lines.ts';
import { hashPinned, installLines } from './install-lines.ts';
import { authorOf, licenceOf, linksOf, type Need } from './metadata-facts.ts';
import { indexHref, projectHref, whyHref, type ProjectPlace } from './project-header.ts';
import type { ShownFile, ShownRelease } from './read-release.ts';
import { testsLine } from './tests-line.ts';
import type { TestsOfFile } from './tests-of-file.ts';

export type ReleaseTab = 'readme' | 'files' | 'dependencies' | 'metadata' | 'history';

export interface ReleaseTop {
  readonly place: ProjectPlace;
  readonly release: ShownRelease;
  readonly actions: readonly Html[];
  readonly needs: readonly Need[];
  /** How tests of the files went, by their names; empty on pages that do not show it. */
  readonly tests: ReadonlyMap<string, TestsOfFile>;
  /** Who yanked it and when, where that is known. */
  readonly yankedBy: { readonly actor: string | null; readonly at: number } | undefined;
}

/** A release: what it says of itself, how to install it, its files. */
export function releasePage(input: {
  readonly top: ReleaseTop;
  /** Sanitized. */
  readonly description: string;
  readonly used: UsedIndex;
  /** Who may read the index, and which indexes pass it on. */
  readonly seenBy: { readonly readers: string | undefined; readonly indexes: readonly Index[] };
}): Page {
  const { top, description, used, seenBy } = input;
  const { release, needs, place } = top;
  const main = html`${readme(release, description)} ${filesSection(top)}`;
  return releaseTabPage(top, 'readme', [
    columns(main, [
      installLines(used, release.files),
      factsOf(release),
      needs.length > 0 && needsSection(place, release, needs),
      seenBySection(place, release, seenBy),
    ]),
  ]);
}

/** All files with all their hashes. */
export function filesPage(input: { readonly top: ReleaseTop; readonly used: UsedIndex }): Page {
  const { top, used } = input;
  const { release } = top;
  const pinned = hashPinned(used.project, release.files);
  return releaseTabPage(top, 'files', [
    filesTable(top),
    html`<h2>Hashes</h2>`,
    ...release.files.map(hashesOf),
    pinned !== undefined &&
      html`<h2>For a requirements file</h2>
        <p class="mute">pip takes only these files, with <code>--require-hashes</code> for everything.</p>
        ${copyable(pinned, 'the entry of a requirements file')}`,
  ]);
}

/** What the release needs, always and for its extras. */
export function dependenciesPage(input: { readonly top: ReleaseTop }): Page {
  const { top } = input;
  const { needs, place, release } = top;
  const always = needs.filter(({ broughtBy }) => broughtBy.length === 0);
  const extras = [
    ...new Set([
      ...asList(release.metadata['provides_extras']),
      ...needs.flatMap(({ broughtBy }) => broughtBy),
    ]),
  ];
  return releaseTabPage(top, 'dependencies', [
    always.length === 0
      ? empty(release.hasMetadata ? 'It needs no other package.' : unknownMetadata(release))
      : needsTable('Needed always', place, always),
    ...extras.map((extra) => {
      const brought = needs.filter(({ broughtBy }) => broughtBy.includes(extra));
      return html`<h2>
          With <code>${foreign(`${release.displayName}[${extra}]`)}</code>
        </h2>
        ${
          brought.length === 0
            ? html`<p class="mute">Nothing more.</p>`
            : needsTable(`Needed for the extra ${extra}`, place, brought)
        }`;
    }),
  ]);
}

/** Everything that the metadata say. */
export function metadataPage(input: { readonly top: ReleaseTop }): Page {
  const { release } = input.top;
  const rows = Object.entries(release.metadata).flatMap(([key, value]) => {
    const values = (typeof value === 'string' ? [value] : value).filter((text) => text !== '');
    return key === 'description' || values.length === 0 ? [] : [{ key, values }];
  });
  return releaseTabPage(input.top, 'metadata', [
    !release.hasMetadata && note('info', unknownMetadata(release)),
    table({
      caption: 'Core metadata',
      columns: [
        {
          label: 'Field',
          cell: ({ key }: (typeof rows)[number]) =>
            html`<span class="soft">${key.replaceAll('_', ' ')}</span>`,
        },
        {
          label: 'Value',
          cell: ({ values }) =>
            values.map((text) => html`<div class="lines">${foreign(text.slice(0, MAX_VALUE))}</div>`),
        },
      ],
      rows,
    }),
  ]);
}

const MAX_VALUE = 20_000;

/** A page with the top that all pages of a release have. */
export function releaseTabPage(
  top: ReleaseTop,
  current: ReleaseTab,
  content: readonly (Html | false)[],
): Page {
  const { place, release, actions, needs } = top;
  const { version, displayName } = release;
  const href = (...below: readonly string[]) => projectHref(place, version, ...below);
  const summary = String(release.metadata['summary'] ?? '');
  return {
    title: [`${displayName} ${version}`, fullName(place.index)],
    section: 'packages',
    body: html`${heading(
      [
        { label: place.index.user, href: `/${encodePathSegment(place.index.user)}` },
        { label: place.index.name, href: indexHref(place.index) },
        { label: displayName, href: projectHref(place) },
        { label: version },
      ],
      {
        badges: badgesOf(release),
        actions,
        ...(summary !== '' && { summary: foreign(summary.slice(0, MAX_SUMMARY)) }),
      },
    )}
      ${release.yanked !== undefined && yankedNote(top, release.yanked)}
      ${tabs('Release', [
        { label: 'Readme', href: href(), isCurrent: current === 'readme' },
        { label: 'Files', href: href('+files'), count: release.files.length, isCurrent: current === 'files' },
        { label: 'Versions', href: projectHref(place), count: release.versions, isCurrent: false },
        {
          label: 'Dependencies',
          href: href('+dependencies'),
          count: needs.length,
          isCurrent: current === 'dependencies',
        },
        { label: 'Metadata', href: href('+metadata'), isCurrent: current === 'metadata' },
        { label: 'History', href: href('+history'), isCurrent: current === 'history' },
      ])}
      ${content}`,
  };
}

const MAX_SUMMARY = 500;

function badgesOf({ newest, version, isPre, yanked, files }: ShownRelease): readonly Html[] {
  const isPartlyYanked = yanked === undefined && files.some((file) => file.yanked !== undefined);
  return [
    yanked !== undefined && badge('yanked', 'bad'),
    isPartlyYanked && badge('some files yanked', 'warning'),
    newest?.version === version && yanked === undefined && badge('newest release', 'good'),
    isPre && badge('pre-release', 'warning'),
  ].filter((each) => each !== false);
}

/** First of all why not to take it, and which to take; the rest of the page stays. */
function yankedNote({ place, release, yankedBy }: ReleaseTop, reason: string): Html {
  const { newest, version } = release;
  return note(
    'bad',
    html`<p>
        <strong>Yanked</strong>${
          yankedBy !== undefined &&
          html` ${time(yankedBy.at)}${yankedBy.actor !== null && html` by ${foreign(yankedBy.actor)}`}`
        }:
        ${reason === '' ? 'no reason was given' : foreign(reason)}
      </p>
      <p>
        Only who pins this very version still gets it.
        ${
          newest !== undefined &&
          newest.version !== version &&
          !newest.isYanked &&
          html`Take <a href="${projectHref(place, newest.version)}">${foreign(newest.version)}</a> instead.`
        }
      </p>`,
  );
}

function readme(release: ShownRelease, description: string): Html {
  if (description !== '')
    return html`<h2 class="hidden">Description</h2>
      <div class="readme">${trusted(description)}</div>`;
  return empty(release.hasMetadata ? 'This release has no description.' : unknownMetadata(release));
}

function unknownMetadata({ from }: ShownRelease): string {
  return `The metadata are not known here: upstream of ${fullName(from)} has none for its files, or has not sent them yet.`;
}

function filesSection(top: ReleaseTop): Html {
  const { place, release } = top;
  const sizes = release.files.map(({ size }) => size ?? 0);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return html`<h2 id="files">
      Files
      <span class="mute"
        >${release.files.length}${total > 0 && html`, together ${formatBytes(total)}`}</span
      >
      <span class="more"><a href="${projectHref(place, release.version, '+files')}">hashes</a></span>
    </h2>
    ${filesTable(top)}`;
}

function filesTable({ place, release, tests }: ReleaseTop): Html {
  if (release.files.length === 0)
    return empty('This release has no files: only its metadata were registered.');
  return table<ShownFile>({
    caption: 'Files',
    columns: [
      {
        label: 'File',
        cell: (file) => {
          const told = tests.get(file.filename);
          return [fileCell(file, release), told && testsLine({ place, release }, file.filename, told)];
        },
      },
      { label: 'Size', cell: ({ size }) => size !== undefined && formatBytes(size), align: 'end' },
      { label: 'Uploaded', cell: ({ at }) => at !== undefined && time(at), align: 'end', isMinor: true },
      {
        label: 'Hash',
        cell: ({ hashes: { sha256 } }) => sha256 !== undefined && digest('sha256', sha256),
        isMinor: true,
      },
    ],
    rows: release.files,
    rowClass: ({ yanked }) => (yanked === undefined ? undefined : 'yanked'),
  });
}

function fileCell(file: ShownFile, release: ShownRelease): Html {
  const words = describeArchive(file.filename);
  return html`<a class="file" href="${file.href}">${foreign(file.filename)}</a>
    <div class="mute">
      ${words}${file.from.id !== release.from.id && html`, from ${fullName(file.from)}`}${
        file.yanked !== undefined &&
        release.yanked === undefined &&
        html` ${badge('yanked', 'bad')} ${foreign(file.yanked)}`
      }
    </div>`;
}

function hashesOf({ filename, hashes, at, log }: ShownFile): Html {
  const upload = log.find(({ what }) => what === 'upload');
  return html`<section class="hashes">
    <h3 class="file">${foreign(filename)}</h3>
    ${facts([
      ...Object.entries(hashes).map(([name, hex]): readonly [string, Html] => [
        name === 'blake2b' ? 'blake2b-256' : name,
        copyable(hex, `the ${name} of ${filename}`),
      ]),
      at !== undefined && [
        'Uploaded',
        html`${exactTime(at)} UTC${upload?.who && html` by ${foreign(upload.who)}`}`,
      ],
    ])}
  </section>`;
}

function factsOf(release: ShownRelease): Html {
  const { metadata, files, from } = release;
  const python =
    String(metadata['requires_python'] ?? '') ||
    (files.find(({ requiresPython }) => requiresPython !== undefined)?.requiresPython ?? '');
  const licence = licenceOf(metadata);
  const author = authorOf(metadata);
  const links = linksOf(metadata);
  const [first] = files.filter(({ at }) => at !== undefined).toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0));
  const uploader = first?.log.find(({ what }) => what === 'upload')?.who;
  return facts([
    python !== '' && ['Python', foreign(describePythonVersions(python))],
    licence !== undefined && ['Licence', foreign(licence)],
    author !== undefined && ['Author', foreign(author)],
    first?.at !== undefined && [
      'Uploaded',
      html`${time(first.at)}${uploader && html` by <a href="/${encodePathSegment(uploader)}">${foreign(uploader)}</a>`}`,
    ],
    ['From', html`<a href="${indexHref(from)}">${fullName(from)}</a>`],
    links.length > 0 && [
      'Links',
      links.map(
        ({ label, href, host }) =>
          html`<div>
            <a href="${href}" rel="nofollow noopener ugc">${foreign(label)}</a> <span class="mute">${host}</span>
          </div>`,
      ),
    ],
  ]);
}

const MOST_NEEDS = 12;

function needsSection(place: ProjectPlace, release: ShownRelease, needs: readonly Need[]): Html {
  const always = needs.filter(({ broughtBy }) => broughtBy.length === 0);
  const extras = Map.groupBy(
    needs.flatMap(({ broughtBy }) => broughtBy),
    (extra) => extra,
  );
  const all = projectHref(place, release.version, '+dependencies');
  return aside(
    'Needs',
    html`<ul class="requirements">
        ${always.slice(0, MOST_NEEDS).map((need) => html`<li>${needLine(place, need)}</li>`)}
      </ul>
      ${always.length > MOST_NEEDS && html`<p><a href="${all}">all ${always.length}</a></p>`}
      ${
        extras.size > 0 &&
        html`<p class="mute">
        <a href="${all}">extras</a>: ${[...extras].map(([extra, brought]) => `${extra} ${brought.length}`).join(', ')}
      </p>`
      }`,
  );
}

function needLine(place: ProjectPlace, need: Need): Html {
  return html`${needName(place, need)}
    ${need.when !== '' && html`<span class="mute">${foreign(need.when)}</span>`}
    <code class="wanted">${need.versions}</code>`;
}

function needName(place: ProjectPlace, { name, project, extras, text }: Need): Html {
  if (project === undefined) return html`<code>${foreign(text)}</code>`;
  const asked = extras.length === 0 ? '' : `[${extras.join(',')}]`;
  return html`<a href="${projectHref({ ...place, project })}">${foreign(`${name}${asked}`)}</a>`;
}

function needsTable(caption: string, place: ProjectPlace, needs: readonly Need[]): Html {
  return table<Need>({
    caption,
    columns: [
      { label: 'Package', cell: (need) => needName(place, need) },
      { label: 'Versions', cell: ({ versions }) => html`<code>${versions || 'any'}</code>` },
      { label: 'When', cell: ({ when }) => foreign(when) },
      ...(needs.some(({ url }) => url !== undefined)
        ? [{ label: 'From', cell: ({ url }: Need) => url !== undefined && foreign(url), isMinor: true }]
        : []),
    ],
    rows: needs,
  });
}

function seenBySection(
  place: ProjectPlace,
  release: ShownRelease,
  { readers, indexes }: { readonly readers: string | undefined; readonly indexes: readonly Index[] },
): Html {
  const leftOut = release.explanations.filter(
    ({ isVisible, rule }) => !isVisible && rule.startsWith('hidden: '),
  );
  return aside(
    'Who sees it',
    html`<ul class="states">
        ${[release.from, ...indexes].map(
          (index) =>
            html`<li>
              <span class="state good">${icon('check')}</span>
              <a href="${projectHref({ index, project: place.project }, release.version)}">${fullName(index)}</a>
            </li>`,
        )}
        ${leftOut.map(
          ({ index }) =>
            html`<li>
              <span class="state off">${icon('dash')}</span> what ${index} has under this name is hidden
              <a href="${whyHref(place)}">why</a>
            </li>`,
        )}
      </ul>
      <p class="mute">
        ${readers === undefined ? 'Everybody may read it.' : html`${icon('lock')} Readers: ${foreign(readers)}`}
      </p>`,
  );
}

function asList(value: string | readonly string[] | undefined): readonly string[] {
  return typeof value === 'string' || value === undefined ? [] : value;
}
