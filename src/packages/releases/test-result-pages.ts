import { badge, state } from '#web/components/badge.ts';
import { formatBytes } from '#web/components/bytes.ts';
import { facts } from '#web/components/columns.ts';
import { empty } from '#web/components/empty.ts';
import { icon } from '#web/components/icon.ts';
import { note } from '#web/components/note.ts';
import { table } from '#web/components/table.ts';
import { exactTime, time } from '#web/components/time.ts';
import { foreign, html, visible, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { environmentsOf, hasFailed, verdictOf, type Outcome } from '../tox-results/outcome.ts';
import type { ToxCommand, ToxReport } from '../tox-results/report.ts';
import type { ToxResult } from '../tox-results/store.ts';
import { projectHref } from './project-header.ts';
import type { ShownFile } from './read-release.ts';
import { releaseTabPage, type ReleaseTop } from './release-pages.ts';
import { environmentState, MAX_BADGES, STATES, verdictBadge } from './tests-line.ts';

/** A result with what it says in short, where that can be read. */
export interface ListedResult {
  readonly result: ToxResult;
  readonly outcome: Outcome | undefined;
}

/** All results of a file, newest first. */
export function testResultsPage(input: {
  readonly top: ReleaseTop;
  readonly file: ShownFile;
  readonly listed: readonly ListedResult[];
}): Page {
  const { top, file, listed } = input;
  const { place, release } = top;
  const href = (result: ToxResult) =>
    projectHref(place, release.version, '+toxresults', file.filename, result.filename);
  return releaseTabPage(top, 'files', [
    html`<h2>Tests of ${foreign(file.filename)}</h2>`,
    listed.length === 0
      ? empty('Nobody has told how tests of this file went: devpi test does.')
      : table<ListedResult>({
          caption: 'Test results',
          columns: [
            {
              label: 'When',
              cell: ({ result }) => html`<a href="${href(result)}">${time(result.uploadedAt)}</a>`,
            },
            {
              label: 'How it went',
              cell: ({ outcome }) =>
                outcome === undefined ? badge('not readable here') : verdictBadge(outcome.verdict),
            },
            {
              label: 'Environments',
              cell: ({ outcome }) => outcome?.environments.slice(0, MAX_BADGES).map(environmentState),
            },
            {
              label: 'Where',
              cell: ({ outcome }) =>
                outcome && foreign([outcome.host, outcome.platform].filter(Boolean).join(', ')),
              isMinor: true,
            },
            { label: 'By', cell: ({ result }) => who(result), isMinor: true },
            { label: 'Size', cell: ({ result }) => formatBytes(result.size), align: 'end', isMinor: true },
          ],
          rows: listed,
        }),
  ]);
}

function who({ log }: ToxResult): Html | string {
  const name = log.find(({ what }) => what === 'upload')?.who;
  return name ? foreign(name) : 'anybody';
}

/** What a page shows of the output of one command, and of all of them. */
const MAX_OUTPUT = 20_000;
const MAX_ALL = 400_000;
const MAX_COMMANDS = 50;

/** One result: every environment with its commands and the end of what they wrote. */
export function testResultPage(input: {
  readonly top: ReleaseTop;
  readonly file: ShownFile;
  readonly result: ToxResult;
  readonly report: ToxReport | undefined;
  /** Where the bytes are as they came. */
  readonly rawHref: string;
}): Page {
  const { top, file, result, report, rawHref } = input;
  const { place, release } = top;
  const environments = report === undefined ? [] : environmentsOf(report);
  let left = MAX_ALL;
  const shown = (commands: readonly ToxCommand[]) =>
    commands.slice(0, MAX_COMMANDS).map((command) => {
      const { section, length } = commandSection(command, Math.min(left, MAX_OUTPUT), rawHref);
      left -= length;
      return section;
    });
  const raw = html`<a href="${rawHref}">${icon('download')} the report as it came</a>`;
  return releaseTabPage(top, 'files', [
    html`<h2>
      Test of
      <a href="${projectHref(place, release.version, '+toxresults', file.filename)}">${foreign(file.filename)}</a>
    </h2>`,
    facts([
      ['When', html`${exactTime(result.uploadedAt)} UTC`],
      ['By', who(result)],
      report?.host !== undefined && ['Host', foreign(report.host.slice(0, MAX_NAME))],
      report?.platform !== undefined && ['Platform', foreign(report.platform.slice(0, MAX_NAME))],
      report?.toxversion !== undefined && ['tox', foreign(report.toxversion.slice(0, MAX_NAME))],
      ['Report', html`${raw} <span class="mute">${formatBytes(result.size)}</span>`],
    ]),
    report === undefined && note('warning', 'This is no report that can be shown here.'),
    report !== undefined && environments.length === 0 && empty('The report tells of no environment.'),
    ...environments.map(({ name, environment }) => {
      const { python, setup = [], test = [] } = environment;
      const verdict = verdictOf(environment);
      const commands = setup.length + test.length;
      return html`<section>
        <h3>${state(STATES[verdict], verdict)} ${foreign(name.slice(0, MAX_NAME))}</h3>
        ${python?.version !== undefined && html`<p class="mute">Python ${foreign(python.version.slice(0, MAX_NAME))}</p>`}
        ${shown(setup)} ${shown(test)}
        ${commands === 0 && html`<p class="mute">Nothing was run.</p>`}
        ${
          (setup.length > MAX_COMMANDS || test.length > MAX_COMMANDS) &&
          html`<p class="mute">There are more commands: ${raw}</p>`
        }
      </section>`;
    }),
  ]);
}

const MAX_NAME = 200;
const MAX_COMMAND = 1000;

// Colours and the like, which programs write for terminals.
// oxlint-disable-next-line no-control-regex
const TERMINAL = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

/** The end of the output counts: there it says what failed. */
function commandSection(
  command: ToxCommand,
  most: number,
  rawHref: string,
): { readonly section: Html; readonly length: number } {
  const line = [command.command ?? ''].flat().join(' ').slice(0, MAX_COMMAND);
  const output = [command.output, command.err].filter(Boolean).join('\n');
  const end = most <= 0 ? '' : output.slice(-most);
  const text = end.replace(TERMINAL, '').replaceAll('\r\n', '\n');
  const cut = output.length - end.length;
  const code = command.retcode ?? '';
  const section = html`<details ${hasFailed(command) && html`open`}>
    <summary>
      <code>${foreign(line === '' ? 'a command without a name' : line)}</code>
      ${hasFailed(command) && html` ${badge(`exit ${code}`, 'bad')}`}
    </summary>
    ${
      cut > 0 &&
      html`<p class="mute">${cut} characters before this are left out: <a href="${rawHref}">all of them</a></p>`
    }
    ${text === '' ? html`<p class="mute">It wrote nothing.</p>` : html`<pre>${visible(text)}</pre>`}
  </details>`;
  return { section, length: end.length };
}
