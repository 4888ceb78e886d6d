import { badge } from '#web/components/badge.ts';
import { aside, columns, facts } from '#web/components/columns.ts';
import { copyable } from '#web/components/copyable.ts';
import { empty } from '#web/components/empty.ts';
import { heading } from '#web/components/heading.ts';
import { icon } from '#web/components/icon.ts';
import { note } from '#web/components/note.ts';
import { pagination, table, withQuery } from '#web/components/table.ts';
import { choices, formatCount, tabs } from '#web/components/tabs.ts';
import { time } from '#web/components/time.ts';
import { foreign, html, type Html, type HtmlValue } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { indexHref } from '../model/index-href.ts';
import { fullName, isVolatile, listOption, type Index } from '../model/index.ts';
import { baseDrawing } from './base-drawing.ts';
import type { ListedProject, ListProjects, ProjectList } from './list-projects.ts';
import type { Overview } from './read-overview.ts';
import { useLines, type Step, type ToolLines } from './use-lines.ts';

export type Side = 'projects' | 'inherited' | 'use' | 'permissions' | 'settings';

/** A page of an index: what all of them have, around one of its sides. */
export function indexPage(
  overview: Overview,
  {
    side,
    counts,
    content,
    isWide = false,
    status,
  }: {
    readonly side: Side;
    readonly counts: ProjectList['counts'];
    readonly content: Html;
    /** Without the side column. */
    readonly isWide?: boolean;
    readonly status?: number;
  },
): Page {
  const { index } = overview;
  const name = fullName(index);
  const titles: Readonly<Record<Side, readonly string[]>> = {
    projects: [name],
    inherited: ['Inherited', name],
    use: ['Use it', name],
    permissions: ['Permissions', name],
    settings: ['Settings', name],
  };
  return {
    title: titles[side],
    section: 'packages',
    ...(status !== undefined && { status }),
    body: html`${indexHeading(overview)} ${indexTabs(overview, side, counts)}
    ${isWide ? content : columns(content, besides(overview))}`,
  };
}

function indexHeading({ index, isRestricted, may }: Overview): Html {
  const { title, description } = index.options;
  const text = [description, title].find((each) => typeof each === 'string' && each !== '');
  const upload =
    index.type === 'stage' &&
    html`<a class="button" href="${indexHref(index, '+upload')}">${icon('upload')} Upload</a>`;
  const settings = may.modify && html`<a class="button" href="${indexHref(index, '+settings')}">Settings</a>`;
  return heading([{ label: index.user, href: `/${encodeURIComponent(index.user)}` }, { label: index.name }], {
    badges: [kindBadge(index), html`<span class="badge off">${readers(index, isRestricted)}</span>`],
    ...(text !== undefined && { summary: foreign(String(text).slice(0, 2000)) }),
    actions: [upload, settings].filter((each) => each !== false),
  });
}

/** What an index is, in two words. */
function kindBadge(index: Index): Html {
  if (index.type === 'mirror') return badge('mirror');
  return isVolatile(index) ? badge('volatile stage') : badge('stage');
}

function readers(index: Index, isRestricted: boolean): string {
  if (!isRestricted) return 'read by everybody';
  const named = listOption(index, 'acl_read');
  if (named.includes(':AUTHENTICATED:')) return 'read by who is logged in';
  return named.length === 0 ? 'read by its owner' : `read by its owner and ${named.length} more`;
}

function indexTabs({ index, may }: Overview, side: Side, counts: ProjectList['counts']): Html {
  const tab = (of: Side, label: string, href: string, count?: number) => ({
    label,
    href,
    isCurrent: of === side,
    ...(count !== undefined && { count }),
  });
  return tabs('Of this index', [
    tab('projects', index.type === 'mirror' ? 'Kept here' : 'Projects', indexHref(index), counts.all),
    ...(index.type === 'mirror'
      ? []
      : [tab('inherited', 'Inherited', indexHref(index, '+inherited'), counts.inherited)]),
    tab('use', 'Use it', indexHref(index, '+use')),
    tab('permissions', 'Permissions', indexHref(index, '+permissions')),
    { label: 'Events', href: `/+events?q=${encodeURIComponent(fullName(index))}`, isCurrent: false },
    ...(may.modify ? [tab('settings', 'Settings', indexHref(index, '+settings'))] : []),
  ]);
}

/** The side column: bases, lines to copy, who may what. */
function besides(overview: Overview): readonly (Html | false)[] {
  const { index, nodes } = overview;
  const lines = linesOf(overview);
  return [
    nodes.length > 1 && aside('Bases', baseDrawing(nodes)),
    aside(
      'Use it',
      choices(
        'tool',
        'Tool',
        lines.map(({ tool, steps }) => ({
          label: tool,
          body: html`${steps.filter(isShort).map(({ text, purpose }) => copyable(text, purpose))}`,
        })),
      ),
      html`<a href="${indexHref(index, '+use')}">all lines</a>`,
    ),
    aside('Who may', whoMay(overview)),
  ];
}

/** What one copies most; the rest is on a page of its own. */
function isShort({ text, file }: Step): boolean {
  return file === undefined && !/^(?:read|export) |config /.test(text) && !text.startsWith('uv pip install');
}

function linesOf({ index, url, isRestricted, view }: Overview): readonly ToolLines[] {
  return useLines({
    user: index.user,
    name: index.name,
    url,
    isPrivate: isRestricted,
    hasMirror: view.order.some(({ type }) => type === 'mirror'),
    takesUploads: index.type === 'stage',
    project: 'PROJECT',
  });
}

function whoMay({ index, isRestricted }: Overview): Html {
  const owner = [index.user, ...(index.user === 'root' ? [] : ['root'])];
  return facts([
    ['read', isRestricted ? names([...owner, ...listOption(index, 'acl_read')]) : 'everybody'],
    index.type === 'stage' && ['upload', names(listOption(index, 'acl_upload'))],
    ['change', names(owner)],
  ]);
}

/** Names as they stand in lists of access, in words. */
function names(listed: readonly string[]): HtmlValue {
  if (listed.length === 0) return 'nobody';
  const words = [...new Set(listed)].map((name) => {
    if (name === ':ANONYMOUS:') return 'everybody';
    if (name === ':AUTHENTICATED:') return 'everybody who is logged in';
    return name.startsWith(':') ? html`the group ${foreign(name.slice(1))}` : foreign(name);
  });
  return words.map((word, position) => html`${position > 0 && ', '}${word}`);
}

/** The list of projects with its filter. */
export function projectsSide(
  overview: Overview,
  list: ProjectList,
  query: ListProjects & {
    readonly here: string;
    /** Of a mirror: names that upstream lists, for what is filtered. */
    readonly upstream: readonly string[] | undefined;
    /** On the side of what comes from bases. */
    readonly isOfBases: boolean;
  },
): Html {
  const { index } = overview;
  const { here, scope, filter, sort, page, upstream, isOfBases } = query;
  const isMirror = index.type === 'mirror';
  const total = list.counts[scope];
  if (filter === '' && list.counts.all === 0) return nothingYet(overview);
  return html`<div class="filters">
      <form method="get" action="${here.split('?')[0]}" data-swap="projects">
        <label class="hidden" for="filter">Filter the projects</label>
        <input
          type="search"
          id="filter"
          name="filter"
          value="${filter}"
          placeholder="${isMirror ? 'Find a project' : `Filter ${formatCount(total)} ${total === 1 ? 'project' : 'projects'}`}"
          autocomplete="off"
        />
        ${sort !== 'name' && html`<input type="hidden" name="sort" value="${sort}" />`}
        ${scope !== 'all' && !isOfBases && html`<input type="hidden" name="of" value="${scope}" />`}
        <button class="button no-script">Filter</button>
      </form>
      ${!isMirror && !isOfBases && overview.view.order.length > 1 && scopes(here, scope, list.counts)}
    </div>
    <div id="projects">
      ${
        list.projects.length === 0
          ? empty(
              filter === ''
                ? 'Nothing here.'
                : html`No project here has <strong>${foreign(filter)}</strong> in its name.`,
              isMirror
                ? undefined
                : html`<p><a href="${withQuery(here, { filter: undefined, page: undefined })}">Show all</a></p>`,
            )
          : projectTable(overview, list.projects, here)
      }
      ${pagination({ here, page, total })} ${isMirror && filter !== '' && upstreamNames(index, filter, upstream)}
    </div>`;
}

function scopes(here: string, current: ListProjects['scope'], counts: ProjectList['counts']): Html {
  return html`<nav class="scopes" aria-label="Which projects">
    ${(['all', 'own', 'inherited'] as const).map(
      (scope) =>
        html`<a
          href="${withQuery(here, { of: scope === 'all' ? undefined : scope, page: undefined })}"
          ${scope === current && html` aria-current="true"`}
          >${scope}${scope !== 'all' && html` ${formatCount(counts[scope])}`}</a
        >`,
    )}
  </nav>`;
}

function projectTable(overview: Overview, projects: readonly ListedProject[], here: string): Html {
  const { index } = overview;
  const hasSeveral = overview.view.order.length > 1;
  return table<ListedProject>({
    caption: `Projects of ${fullName(index)}`,
    here,
    rows: projects,
    columns: [
      {
        label: 'Project',
        sort: 'name',
        cell: ({ name }) => html`<a href="${indexHref(index, name)}">${name}</a>`,
      },
      { label: 'Version', cell: ({ newest }) => newestCell(newest) },
      ...(hasSeveral
        ? [
            {
              label: 'From',
              cell: ({ from }: ListedProject) =>
                from.id === index.id ? fullNameOf(from) : html`<span class="mute">${fullNameOf(from)}</span>`,
              isMinor: true,
            },
          ]
        : []),
      {
        label: 'Summary',
        cell: ({ summary }) =>
          summary === undefined ? html`<span class="mute">no summary</span>` : foreign(summary),
        isMinor: true,
      },
      {
        label: 'Changed',
        align: 'end',
        ...(index.type === 'stage' && { sort: 'changed' }),
        cell: ({ changedAt, from }) =>
          html`<span class="mute">${changedAt === undefined ? (from.type === 'mirror' ? 'mirror' : '') : time(changedAt)}</span>`,
      },
    ],
  });
}

function fullNameOf(index: Index): Html {
  return foreign(fullName(index));
}

function newestCell(newest: ListedProject['newest']): HtmlValue {
  if (newest === undefined) return html`<span class="mute">no files</span>`;
  const { version, isPre, isYanked } = newest;
  return html`${version}${isPre && html` ${badge('pre', 'warning')}`}${isYanked && html` ${badge('yanked', 'bad')}`}`;
}

function nothingYet(overview: Overview): Html {
  const { index, may, view } = overview;
  const name = fullNameOf(index);
  if (index.type === 'mirror') {
    return empty(
      html`<strong>Nothing has been asked of ${name} yet.</strong> What somebody installs through it is kept and shown
        here.`,
      html`${askForm(index, '')}${lineOf(overview, 'pip', 'pip install')}`,
    );
  }
  const mirror = view.order.find(({ id, type }) => type === 'mirror' && !view.hidden.has(id));
  return empty(
    html`<strong>Nothing in ${name} yet.</strong>
      ${may.upload ? 'Upload a release' : 'A release that somebody uploads is shown here'}${
        mirror !== undefined &&
        html`, or install through it: everything of ${fullNameOf(mirror)} is already there`
      }.`,
    html`${lineOf(overview, 'uv', 'uv publish')}${
      may.upload &&
      html`<p><a class="button" href="${indexHref(index, '+upload')}">${icon('upload')} Upload</a></p>`
    }`,
  );
}

function lineOf(overview: Overview, tool: string, start: string): Html | false {
  const steps = linesOf(overview).find((each) => each.tool === tool)?.steps ?? [];
  const step = steps.find(({ text }) => text.startsWith(start));
  return step !== undefined && copyable(step.text, step.purpose);
}

/** Of a mirror: what its upstream lists under what was typed. */
function upstreamNames(mirror: Index, filter: string, found: readonly string[] | undefined): Html {
  const list = (found ?? []).map((name) => html`<li><a href="${indexHref(mirror, name)}">${name}</a></li>`);
  return html`<h2>Upstream</h2>
    ${
      found === undefined
        ? html`<p>The list of upstream’s projects is not known here. ${askForm(mirror, filter)}</p>`
        : found.length === 0
          ? html`<p>Upstream lists no project with that in its name.</p>`
          : html`<ul class="names">
              ${list}
            </ul>
            ${found.length >= UPSTREAM_NAMES && html`<p class="hint">The first ${UPSTREAM_NAMES}; type more.</p>`}`
    }`;
}

/** How many names of upstream are shown. */
export const UPSTREAM_NAMES = 50;

function askForm(mirror: Index, name: string): Html {
  const href = /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) ? indexHref(mirror, name) : undefined;
  return href === undefined ? html`` : html`<a href="${href}">Ask upstream about ${name}</a>`;
}

/** From where the index takes what it has not itself. */
export function inheritedSide(overview: Overview, list: Html): Html {
  const { nodes } = overview;
  if (nodes.length === 1) {
    return empty(
      html`<strong>${fullNameOf(overview.index)} has no bases.</strong> It shows what is uploaded to it, and nothing
        else.`,
      overview.may.modify
        ? html`<p><a href="${indexHref(overview.index, '+settings')}#field-bases">Add a base</a></p>`
        : undefined,
    );
  }
  const rows = nodes.map((node, position) => ({ node, position }));
  return html`${table<(typeof rows)[number]>({
    caption: 'Bases in the order in which they are asked',
    rows,
    columns: [
      {
        label: 'Index',
        cell: ({ node, position }) =>
          html`${position + 1}. <a href="${indexHref(node.index)}">${fullNameOf(node.index)}</a>`,
      },
      { label: 'Kind', cell: ({ node }) => kindBadge(node.index) },
      {
        label: 'Named by',
        cell: ({ node }) => {
          const by = node.through === undefined ? undefined : nodes[node.through];
          return by === undefined ? html`<span class="mute">this index</span>` : fullNameOf(by.index);
        },
        isMinor: true,
      },
      {
        label: 'Projects',
        align: 'end',
        cell: ({ node }) =>
          node.count === undefined
            ? html`<span class="mute">not told: you may not read it</span>`
            : formatCount(node.count),
      },
    ],
  })}
    ${whitelistNote(overview)}
    <h2>Projects that come from them</h2>
    ${list}`;
}

function whitelistNote({ index, nodes }: Overview): Html | false {
  if (nodes.every((node) => node.index.type !== 'mirror')) return false;
  const whitelist = listOption(index, 'mirror_whitelist');
  return note(
    whitelist.includes('*') ? 'warning' : 'info',
    whitelist.length === 0
      ? html`<p>
          A mirror is never asked about a project that a stage on the way has, so that nobody can take over a name of
          yours upstream.
        </p>`
      : html`<p>
          A mirror is asked about a project that a stage has only for
          ${whitelist.includes('*') ? html`<strong>every name</strong>` : names(whitelist)}
          (<code>mirror_whitelist</code>).
        </p>`,
  );
}

/** All lines for all tools. */
export function useSide(overview: Overview): Html {
  const { isRestricted, index } = overview;
  return html`${
    isRestricted &&
    note(
      'info',
      html`<p>
          This index names its readers. Where <code>TOKEN</code> stands, put an
          <a href="/+tokens">API token</a> with the scope <code>packages.read</code>.
        </p>`,
    )
  }
    ${
      index.type === 'stage' &&
      html`<p>
      Uploading takes an <a href="/+tokens">API token</a> with the scope <code>packages.upload</code> as the password of
      <code>__token__</code>.
    </p>`
    }
    ${linesOf(overview).map(
      ({ tool, steps }) =>
        html`<section class="tool">
          <h2>${tool}</h2>
          ${steps.map(
            ({ purpose, text, file }) =>
              html`<p>${purpose}${file !== undefined && html` (<code>${file}</code>)`}</p>
                ${copyable(text, purpose)}`,
          )}
        </section>`,
    )}`;
}

/** Who may what, and why. */
export function permissionsSide(overview: Overview): Html {
  const { index, isRestricted, reader, may } = overview;
  const owner = [index.user, ...(index.user === 'root' ? [] : ['root'])];
  const rows = [
    {
      may: 'Read and install',
      who: isRestricted ? names([...owner, ...listOption(index, 'acl_read')]) : 'everybody',
      why: isRestricted ? 'acl_read, the owner and root' : 'acl_read is not set',
    },
    ...(index.type === 'stage'
      ? [
          {
            may: 'Upload',
            who: names(listOption(index, 'acl_upload')),
            why: 'acl_upload, and nobody who is not listed there',
          },
        ]
      : []),
    {
      may: index.type === 'stage' ? 'Yank and remove' : 'Let files be forgotten',
      who: names([...owner, ...listOption(index, 'acl_upload')]),
      why: 'uploaders, the owner and root',
    },
    { may: 'Change and delete the index', who: names(owner), why: 'the owner and root' },
  ];
  const isUnlistedRoot = reader === 'root' && index.type === 'stage' && !may.upload;
  return html`${
    isUnlistedRoot &&
    note(
      'info',
      html`<p>
          You are root, and root is not listed by itself: add <code>root</code> to
          <a href="${indexHref(index, '+settings')}#field-acl_upload">who may upload</a> to upload here.
        </p>`,
    )
  }
    ${table<(typeof rows)[number]>({
      caption: 'Who may do what',
      rows,
      columns: [
        { label: 'May', cell: (row) => row.may },
        { label: 'Who', cell: (row) => row.who },
        { label: 'Because of', cell: (row) => html`<span class="mute">${row.why}</span>`, isMinor: true },
      ],
    })}
    <p class="hint">
      An API token may no more than its user, and of that what its scopes say.
      ${may.modify && html`<a href="${indexHref(index, '+settings')}">Change who may what</a>`}
    </p>`;
}
