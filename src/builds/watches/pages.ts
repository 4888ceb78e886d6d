import { fullName, indexHref, type Index } from '#packages';
import { state } from '#web/components/badge.ts';
import { facts } from '#web/components/columns.ts';
import { confirm } from '#web/components/confirm.ts';
import { copyable } from '#web/components/copyable.ts';
import { empty } from '#web/components/empty.ts';
import { form, type Refusal } from '#web/components/form.ts';
import { heading } from '#web/components/heading.ts';
import { icon } from '#web/components/icon.ts';
import { note } from '#web/components/note.ts';
import { PAGE_SIZE, pagination, table, type Column } from '#web/components/table.ts';
import { formatCount } from '#web/components/tabs.ts';
import { time } from '#web/components/time.ts';
import { foreign, html, visible, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { buildHref, buildProjectHref } from '../model/build-href.ts';
import type { Matrix, MatrixCell, MatrixRow } from '../needs/derive-matrix.ts';
import type { KnownWatch } from './read-watches.ts';
import type { Watch } from './store.ts';

export interface BuildProjectsPage {
  readonly watches: readonly KnownWatch[];
  readonly page: number;
  readonly here: string;
  /** What was sent and refused. */
  readonly input: Readonly<Record<string, string>>;
  readonly refusal?: Refusal | undefined;
}

/** The projects that wheels are built of, and a form for more. */
export function buildProjectsPage({ watches, page, here, input, refusal }: BuildProjectsPage): Page {
  const shown = watches.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
  return {
    title: ['Projects that are built'],
    section: 'builds',
    ...(refusal !== undefined && { status: 422 }),
    body: html`${heading([{ label: 'Builds', href: '/+builds' }, { label: 'Projects' }], {
      summary: html`Of these wheels are built; stages with the option <code>build_targets</code> have theirs built by
        themselves.`,
    })}
    ${
      watches.length === 0
        ? empty(
            html`<strong>No project yet.</strong> Add some below, or by a command:`,
            copyable('wheelhouse build add pyyaml --target cp313', 'the command that adds a project'),
          )
        : html`${table({
            caption: 'Projects that are built',
            rows: shown,
            columns: [
              {
                label: 'Project',
                cell: ({ index, project }: KnownWatch) =>
                  html`<a href="${buildProjectHref(index, project)}">${project}</a>`,
              },
              { label: 'To do', cell: ({ waiting }: KnownWatch) => formatCount(waiting), align: 'end' },
              { label: 'Versions', cell: versionsOf, isMinor: true },
              { label: 'Targets', cell: targetsOf, isMinor: true },
              {
                label: 'Sdists of',
                cell: ({ index }: KnownWatch) => foreign(fullName(index)),
                isMinor: true,
              },
              { label: 'Looked at', cell: lookedAt },
            ],
          })}
          ${pagination({ here, page, total: watches.length })}`
    }
    <section>
      <h2>Add projects</h2>
      ${form({
        action: '/+builds/projects',
        fields: [
          {
            kind: 'textarea',
            name: 'requirements',
            label: 'Projects',
            value: input['requirements'] ?? '',
            rows: 4,
            isRequired: true,
            hint: html`One a line, as <code>pyyaml</code> or <code>greenlet>=3</code>. What is there already is built as
              it is said now.`,
          },
          {
            kind: 'text',
            name: 'targets',
            label: 'Targets',
            value: input['targets'] ?? '',
            isRequired: true,
            autocomplete: 'off',
            placeholder: 'cp311 cp313',
            hint: html`As <code>cp313</code> or <code>cp313-linux_aarch64</code>.`,
          },
          {
            kind: 'text',
            name: 'index',
            label: 'Sdists of',
            value: input['index'] ?? 'root/pypi',
            isRequired: true,
            autocomplete: 'off',
          },
          {
            kind: 'checkbox',
            name: 'everything',
            label: 'Everything',
            isChecked: input['everything'] !== undefined,
            hint: 'Build also what upstream has wheels of that fit.',
          },
          {
            kind: 'checkbox',
            name: 'prereleases',
            label: 'Pre-releases, too',
            isChecked: input['prereleases'] !== undefined,
          },
        ],
        submit: 'Add',
        refusal,
      })}
    </section>`,
  };
}

function versionsOf({ specifier }: Watch): Html {
  return specifier === '' ? html`<span class="mute">all</span>` : html`<code>${foreign(specifier)}</code>`;
}

function targetsOf({ targets }: Watch): Html {
  return html`${targets.map((target, at) => html`${at > 0 && ', '}<code>${target}</code>`)}`;
}

function lookedAt({ readAt, problem }: Watch): Html {
  if (problem !== null)
    return html`${state('warning', 'failed')} <span class="soft">${foreign(problem)}</span>`;
  return readAt === null ? state('waiting', 'soon') : time(readAt);
}

export interface BuildProjectPage {
  readonly index: Index;
  /** On which wheels appear. */
  readonly published: Index;
  readonly watch: Watch;
  /** False for what a stage builds by itself. */
  readonly isRemovable: boolean;
  /** Undefined where its files cannot be read. */
  readonly matrix: Matrix | undefined;
  readonly problem: string | undefined;
  readonly page: number;
  readonly here: string;
  readonly now: number;
}

/** Which wheels of a project there are, by version and target, and what becomes of the others. */
export function buildProjectPage(data: BuildProjectPage): Page {
  const { index, published, watch, isRemovable, matrix, problem, page, here, now } = data;
  const { project, everything, prereleases, readAt } = watch;
  return {
    title: [`Builds of ${visible(project)}`, visible(fullName(index))],
    section: 'builds',
    body: html`${heading(
      [
        { label: 'Builds', href: '/+builds' },
        { label: 'Projects', href: '/+builds/projects' },
        { label: project },
      ],
      {
        summary: html`Wheels of its sdists on <a href="${indexHref(index)}">${foreign(fullName(index))}</a> appear on
          <a href="${indexHref(published, project)}">${foreign(fullName(published))}</a>.`,
        actions: [
          html`<a class="button" href="/+builds?project=${encodeURIComponent(project)}">Its builds</a>`,
          ...(isRemovable
            ? [
                html`<a class="button bad" href="${buildProjectHref(index, project, '+remove')}" data-confirm
                  >Remove…</a
                >`,
              ]
            : []),
        ],
      },
    )}
    ${problem !== undefined && note('warning', html`Its files could not be read: ${foreign(problem)}.`)}
    ${facts([
      ['Versions', versionsOf(watch)],
      ['Targets', targetsOf(watch)],
      ['Built is', everything ? 'everything' : 'what no wheel of the index serves'],
      ['Pre-releases', prereleases ? 'too' : 'only where there is nothing else'],
      readAt !== null && ['Looked at', time(readAt)],
    ])}
    <h2>Versions and targets</h2>
    ${matrix !== undefined && matrixTable({ published, project, matrix, page, here, now })}`,
  };
}

function matrixTable({
  published,
  project,
  matrix,
  page,
  here,
  now,
}: Pick<BuildProjectPage, 'published' | 'page' | 'here' | 'now'> & {
  readonly project: string;
  readonly matrix: Matrix;
}): Html {
  const { rows, targets } = matrix;
  if (rows.length === 0) return empty('There is no release with an sdist that is wanted.');
  return html`<div class="matrix">
      ${table({
        caption: 'Versions and targets',
        rows: rows.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE),
        columns: [
          {
            label: 'Version',
            cell: ({ version }: MatrixRow) =>
              html`<a href="${indexHref(published, project, version)}">${foreign(version)}</a>`,
          },
          ...targets.map((target): Column<MatrixRow> => ({
            label: target,
            cell: ({ cells }) => cell(cells.get(target) ?? { kind: 'not-wanted' }, now),
          })),
        ],
      })}
    </div>
    ${pagination({ here, page, total: rows.length })}`;
}

/** Shape, word, and the build where there is one. */
function cell(of: MatrixCell, now: number): Html {
  switch (of.kind) {
    case 'built':
      return linked(of.build, state('good', 'built'), of.filename);
    case 'upstream':
      return html`<span title="${visible(of.filename)}">${state('covered', 'upstream')}</span>`;
    case 'running':
      return linked(of.build.id, state('running', 'running'));
    case 'failed':
      return linked(of.build.id, state('bad', of.build.failure ?? of.build.state));
    case 'waiting': {
      const again = of.last !== undefined && of.last.state !== 'succeeded';
      const word = state('waiting', again ? 'again' : 'waiting');
      return html`${again ? linked(of.last.id, word) : word}${of.notBefore > now && html` ${time(of.notBefore)}`}`;
    }
    case 'skipped':
      return html`${state('skipped', 'skipped')}${of.reason !== '' && html` <span class="soft">${foreign(of.reason)}</span>`}`;
    case 'not-wanted':
      return html`<span class="mute">${icon('dash', 'not for this Python')}</span>`;
  }
}

function linked(build: number | undefined, word: Html, title?: string): Html {
  if (build === undefined) return word;
  return html`<a href="${buildHref({ id: build })}" ${title !== undefined && html`title="${visible(title)}"`}>${word}</a>`;
}

/** Asks before wheels of a project are built no more. */
export function buildProjectRemovalPage(index: Index, { project }: Watch): Page {
  return {
    title: ['Remove a project', visible(project)],
    section: 'builds',
    body: confirm({
      question: `Build no more wheels of ${project}?`,
      facts: html`<p>
        What is to do of its sdists on ${foreign(fullName(index))} is given up, and new releases are not looked at. Wheels
        that are there stay.
      </p>`,
      action: buildProjectHref(index, project, '+remove'),
      submit: 'Remove the project',
      keep: { label: 'Keep', href: buildProjectHref(index, project) },
    }),
  };
}
