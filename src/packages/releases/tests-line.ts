import { badge, state, type State } from '#web/components/badge.ts';
import { html, visible, type Html } from '#web/html.ts';
import type { EnvironmentOutcome, Verdict } from '../tox-results/outcome.ts';
import { projectHref, type ProjectPlace } from './project-header.ts';
import type { ShownRelease } from './read-release.ts';
import type { TestsOfFile } from './tests-of-file.ts';

export const STATES: Readonly<Record<Verdict, State>> = {
  passed: 'good',
  failed: 'bad',
  'no tests': 'skipped',
};

export const MAX_BADGES = 12;

/** What stands below a file that was tested: a word for all, and each environment as it went at last. */
export function testsLine(
  { place, release }: { readonly place: ProjectPlace; readonly release: ShownRelease },
  filename: string,
  { verdict, environments, results }: TestsOfFile,
): Html {
  const more = environments.length - MAX_BADGES;
  return html`<div class="tests">
    <a href="${projectHref(place, release.version, '+toxresults', filename)}">${verdictBadge(verdict)}</a>
    ${environments.slice(0, MAX_BADGES).map((each) => environmentState(each))}
    <span class="mute">${more > 0 && `and ${more} more, `}${results === 1 ? '1 result' : `${results} results`}</span>
  </div>`;
}

export function verdictBadge(verdict: Verdict): Html {
  if (verdict === 'no tests') return badge('no tests');
  return verdict === 'passed' ? badge('tests passed', 'good') : badge('tests failed', 'bad');
}

export function environmentState({ name, verdict }: Pick<EnvironmentOutcome, 'name' | 'verdict'>): Html {
  return html`<span title="${visible(name)}: ${verdict}">${state(STATES[verdict], visible(name))}</span>`;
}
