import { fileUrlPath, fullName, indexHref, type Index } from '#packages';
import { formatBytes } from '#web/components/bytes.ts';
import { aside, columns, facts } from '#web/components/columns.ts';
import { confirm } from '#web/components/confirm.ts';
import { copyable, digest } from '#web/components/copyable.ts';
import { empty } from '#web/components/empty.ts';
import { postButton } from '#web/components/form.ts';
import { heading } from '#web/components/heading.ts';
import { liveLog } from '#web/components/log.ts';
import { note } from '#web/components/note.ts';
import { table, withQuery } from '#web/components/table.ts';
import { formatCount } from '#web/components/tabs.ts';
import { time } from '#web/components/time.ts';
import { foreign, html, visible, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { builderState } from '../builders/state-words.ts';
import { takesBuilds, type KnownBuilder } from '../builders/read-builders.ts';
import { buildHref } from '../model/build-href.ts';
import type { Build, BuildState } from '../model/build.ts';
import type { BuildFacts } from './build-facts.ts';
import { failureHelp } from './failure-help.ts';
import { buildState, formatSeconds } from './state-words.ts';
import type { BroughtFile, BuildQuery } from './store.ts';

const STATES: readonly BuildState[] = ['running', 'succeeded', 'failed', 'lost', 'cancelled'];

/** What has something built, and what builds it. */
const ADD_LINE = 'wheelhouse build add pyyaml --target cp313';
const BUILDER_LINE = 'wheelhouse builder --target cp313';

/** The lines of a log that a page shows: the last ones. */
const MOST_LINES = 20_000;

export interface BuildsPage {
  readonly running: readonly Build[];
  /** Builds to do. */
  readonly queued: readonly { readonly target: string; readonly count: number }[];
  /** What became of those that ended in the last day. */
  readonly ended: { readonly succeeded: number; readonly failed: number };
  readonly builders: readonly KnownBuilder[];
  readonly query: BuildQuery;
  readonly builds: readonly Build[];
  /** The number before which older builds are. */
  readonly olderBefore: number | undefined;
  /** Path and query of this page. */
  readonly here: string;
  /** False before anything was to be built. */
  readonly isInUse: boolean;
}

/** What the farm does, has to do and has done. */
export function buildsPage(data: BuildsPage): Page {
  const { running, queued, ended, builders, isInUse } = data;
  const waiting = queued.reduce((sum, { count }) => sum + count, 0);
  const summary = `${formatCount(running.length)} running, ${formatCount(waiting)} to do; in the last day ${formatCount(ended.succeeded)} succeeded and ${formatCount(ended.failed)} failed.`;
  return {
    title: ['Builds'],
    section: 'builds',
    body: html`${heading([{ label: 'Builds' }], {
      summary: isInUse ? summary : 'Wheels are built of sdists, so that nobody who installs has to compile.',
      actions: [
        html`<a class="button" href="/+builds/projects">Projects</a>`,
        html`<a class="button" href="/+builders">Builders</a>`,
      ],
    })}
    ${
      isInUse
        ? columns(
            html`${buildersMissing(waiting, builders)} ${runningSection(running)} ${lastSection(data)}`,
            [
              aside('To do', waitingTable(queued, builders)),
              aside('Builders', buildersList(builders), html`<a href="/+builders">all</a>`),
            ],
          )
        : firstSteps()
    }`,
  };
}

function firstSteps(): Html {
  return empty(
    html`<strong>Nothing is built yet.</strong> Say of which projects, and start a builder on a machine with these
      Pythons:`,
    html`<div>
      ${copyable(ADD_LINE, 'the command that adds a project')}
      ${copyable(BUILDER_LINE, 'the command that starts a builder')}
      <p>Or <a href="/+builds/projects">add projects here</a>.</p>
    </div>`,
  );
}

function buildersMissing(waiting: number, builders: readonly KnownBuilder[]): Html | false {
  return (
    waiting > 0 &&
    !builders.some(takesBuilds) &&
    note(
      'warning',
      html`<p>No builder is at work. Start one, or look at <a href="/+builders">those that are there</a>:</p>
        ${copyable(BUILDER_LINE, 'the command that starts a builder')}`,
    )
  );
}

function runningSection(running: readonly Build[]): Html {
  return html`<section>
    <h2>Running</h2>
    ${
      running.length === 0
        ? html`<p class="soft">Nothing is being built.</p>`
        : table({
            caption: 'Running builds',
            rows: running,
            columns: [
              { label: 'Build', cell: nameOf },
              { label: 'Target', cell: ({ target }: Build) => html`<code>${target}</code>` },
              { label: 'Builder', cell: ({ builder }: Build) => foreign(builder), isMinor: true },
              { label: 'Began', cell: ({ startedAt }: Build) => time(startedAt), align: 'end' },
            ],
          })
    }
  </section>`;
}

function lastSection({ query, builds, olderBefore, here }: BuildsPage): Html {
  const isFiltered = query.state !== undefined || query.project !== undefined;
  return html`<section>
    <h2>Last builds</h2>
    <form class="filters" method="get" action="/+builds" role="search" aria-label="Builds">
      <input type="search" name="project" value="${query.project ?? ''}" aria-label="Project" placeholder="project"
        spellcheck="false" autocapitalize="none" />
      <select name="state" aria-label="State">
        <option value="">all states</option>
        ${STATES.map((each) => html`<option value="${each}" ${each === query.state && html` selected`}>${each}</option>`)}
      </select>
      <button class="button">Filter</button>
      ${isFiltered && html`<a href="/+builds">all builds</a>`}
    </form>
    ${
      builds.length === 0
        ? empty(isFiltered ? 'No build that fits.' : 'Nothing was built yet.')
        : table({
            caption: 'Last builds',
            rows: builds,
            columns: [
              { label: 'Build', cell: nameOf },
              { label: 'Target', cell: ({ target }: Build) => html`<code>${target}</code>` },
              { label: 'State', cell: buildState },
              { label: 'Builder', cell: ({ builder }: Build) => foreign(builder), isMinor: true },
              {
                label: 'Took',
                cell: ({ seconds }: Build) => seconds !== null && formatSeconds(seconds),
                align: 'end',
                isMinor: true,
              },
              { label: 'Began', cell: ({ startedAt }: Build) => time(startedAt), align: 'end' },
            ],
          })
    }
    <nav class="pagination" aria-label="Pages">
      ${query.before !== undefined && html`<a href="${withQuery(here, { before: undefined })}">newest</a>`}
      ${olderBefore !== undefined && html` <a rel="next" href="${withQuery(here, { before: String(olderBefore) })}">older</a>`}
    </nav>
  </section>`;
}

function nameOf(build: Build): Html {
  return html`<a href="${buildHref(build)}">${build.project} ${foreign(build.version)}</a>`;
}

function waitingTable(queued: BuildsPage['queued'], builders: readonly KnownBuilder[]): Html {
  if (queued.length === 0) return html`<p class="soft">Nothing: all wheels that are wanted are there.</p>`;
  const active = builders.filter(takesBuilds);
  return table({
    caption: 'Builds to do',
    rows: queued,
    columns: [
      { label: 'Target', cell: ({ target }) => html`<code>${target}</code>` },
      { label: 'Builds', cell: ({ count }) => formatCount(count), align: 'end' },
      {
        label: 'Builders',
        cell: ({ target }) => active.filter(({ targets }) => targets.includes(target)).length,
        align: 'end',
      },
    ],
  });
}

function buildersList(builders: readonly KnownBuilder[]): Html {
  if (builders.length === 0)
    return html`<p class="soft">None has come.</p>${copyable(BUILDER_LINE, 'the command that starts a builder')}`;
  return html`<ul class="plain-list">
    ${builders.map(
      (builder) =>
        html`<li>
          ${builderState(builder)} ${foreign(builder.name)}${builder.build !== undefined && html`: ${nameOf(builder.build)}`}
        </li>`,
    )}
  </ul>`;
}

export interface BuildPage {
  readonly build: Build;
  readonly source: Index;
  /** On which wheels appear. */
  readonly published: Index;
  readonly files: readonly BroughtFile[];
  readonly facts: BuildFacts;
  /** Those that are complete. */
  readonly lines: readonly string[];
}

/** A build with everything that is known of it. */
export function buildPage(data: BuildPage): Page {
  const { build, published, lines } = data;
  const { id, project, version, target, state } = build;
  const label = `${project} ${version}`;
  const isRunning = state === 'running';
  const hidden = Math.max(0, lines.length - MOST_LINES);
  return {
    title: [`Build ${id}`, visible(label)],
    section: 'builds',
    body: html`${heading([{ label: 'Builds', href: '/+builds' }, { label: String(id) }], {
      badges: buildState({ state, failure: null }),
      summary: html`<a href="${indexHref(published, project, version)}">${foreign(label)}</a> for
        <code>${target}</code>`,
      actions: isRunning
        ? [html`<a class="button bad" href="${buildHref(build, 'cancel')}" data-confirm>Cancel…</a>`]
        : state === 'succeeded'
          ? []
          : [postButton(buildHref(build, 'retry'), 'Build it again')],
    })}
    ${failureNote(build)}
    ${columns(
      html`${filesSection(data)}
        <section>
          <h2>Log <span class="more"><a href="${buildHref(build, 'log')}">as text</a></span></h2>
          ${hidden > 0 && html`<p class="soft">The last ${formatCount(MOST_LINES)} of ${formatCount(lines.length)} lines.</p>`}
          ${
            lines.length === 0 && !isRunning
              ? html`<p class="soft">The build wrote nothing.</p>`
              : liveLog({
                  label: 'Log',
                  lines: lines.slice(hidden),
                  first: hidden + 1,
                  ...(isRunning && { stream: buildHref(build, 'log', 'stream') }),
                })
          }
        </section>`,
      [aside('Build', factsOf(data)), inputsSection(data)],
    )}`,
  };
}

function failureNote({ state, failure, detail, retryAt }: Build): Html | false {
  if (state !== 'failed' && state !== 'lost' && state !== 'cancelled') return false;
  const help = failureHelp(failure ?? '');
  return note(
    state === 'failed' ? 'bad' : 'warning',
    html`<p><strong>${foreign(failure ?? state)}</strong>${detail !== null && html`: ${foreign(detail)}`}</p>
      ${help !== undefined && html`<p>${help}</p>`}
      ${
        state === 'failed' &&
        html`<p>
          ${
            retryAt === null
              ? 'It is not tried again before somebody asks, or another sdist of the release comes.'
              : html`It is tried again: ${time(retryAt)}.`
          }
        </p>`
      }`,
  );
}

function factsOf({ build, source, published, facts: { python, peakMemoryBytes } }: BuildPage): Html {
  const { project, version, target, sdist, builder, startedAt, endedAt, seconds } = build;
  const { version: cpython, pip } = python ?? {};
  return facts([
    ['Release', html`<a href="${indexHref(published, project, version)}">${project} ${foreign(version)}</a>`],
    ['Appears on', html`<a href="${indexHref(published)}">${foreign(fullName(published))}</a>`],
    ['Target', html`<code>${target}</code>`],
    [
      'Sdist',
      html`<a href="${sdist.path}">${foreign(sdist.filename)}</a> of
        <a href="${indexHref(source)}">${foreign(fullName(source))}</a>`,
    ],
    ['Builder', foreign(builder)],
    ['Began', time(startedAt)],
    endedAt !== null && ['Ended', time(endedAt)],
    seconds !== null && ['Took', formatSeconds(seconds)],
    cpython !== undefined && ['Python', foreign(cpython)],
    pip !== undefined && ['pip', foreign(pip)],
    peakMemoryBytes !== undefined && ['Memory', `${formatBytes(peakMemoryBytes)} at most`],
  ]);
}

function filesSection({ build, published, files }: BuildPage): Html | false {
  return (
    build.state === 'succeeded' &&
    html`<section>
      <h2>Files</h2>
      ${table({
        caption: 'Files',
        rows: files,
        columns: [
          {
            label: 'File',
            cell: ({ filename, digests: { sha256 } }: BroughtFile) =>
              html`<a href="/${fileUrlPath(published, sha256, filename)}">${foreign(filename)}</a>`,
          },
          { label: 'Size', cell: ({ size }: BroughtFile) => formatBytes(size), align: 'end' },
          { label: 'Digest', cell: ({ digests: { sha256 } }: BroughtFile) => digest('sha256', sha256) },
        ],
      })}
    </section>`
  );
}

function inputsSection({ facts: { inputs, notes } }: BuildPage): Html {
  return html`${
    inputs.length > 0 &&
    aside(
      'What went in',
      html`<ul class="plain-list">
        ${inputs.map(
          ({ filename, sha256 }) =>
            html`<li>${foreign(filename)}${sha256 !== null && html`<br />${digest('sha256', visible(sha256))}`}</li>`,
        )}
      </ul>`,
    )
  }
  ${
    notes.length > 0 &&
    aside(
      'Notes',
      html`<ul class="plain-list">
        ${notes.map((each) => html`<li>${foreign(each)}</li>`)}
      </ul>`,
    )
  }`;
}

/** Asks before a build that runs is ended. */
export function buildCancellationPage(build: Build): Page {
  const { id, project, version, target, builder, startedAt } = build;
  return {
    title: ['Cancel a build', `Build ${id}`],
    section: 'builds',
    body: confirm({
      question: `Cancel build ${id}?`,
      facts: html`<p>
        ${project} ${foreign(version)} for <code>${target}</code> is being built by ${foreign(builder)} since
        ${time(startedAt)}. What it has done is lost, and it is not begun again before somebody asks.
      </p>`,
      action: buildHref(build, 'cancel'),
      submit: 'Cancel the build',
      keep: { label: 'Let it run', href: buildHref(build) },
    }),
  };
}

/** The last words in a log that was followed. */
export function logEnd(build: Pick<Build, 'id'>): Html {
  return html`<p class="note info">
    The build is over. <a href="${buildHref(build)}">What became of it</a>
  </p>`;
}
