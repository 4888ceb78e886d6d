import { foreign, html, type Html } from '#web/html.ts';
import type { EventWords } from '#web/panels.ts';
import { buildsEvents as events } from '../events.ts';

type Data = Parameters<EventWords>[0];

const named = (data: Data, key: string): Html => foreign(String(data[key]));

function build(data: Data): Html {
  return html`<a href="/+builds/${Number(data['build'])}">${named(data, 'project')} ${named(data, 'version')}</a> for
    <code>${String(data['target'])}</code>`;
}

function index(data: Data): Html {
  const full = String(data['index']);
  return html`<a href="/${full.split('/').map(encodeURIComponent).join('/')}">${foreign(full)}</a>`;
}

const STATES: Readonly<Record<string, string>> = {
  active: 'resumed',
  paused: 'paused',
  draining: 'drained',
  forgotten: 'forgot',
};

/** What the events of this part say, behind the name of who did it. */
export const buildsWords: Readonly<Record<string, EventWords>> = {
  [events.projectsWatched.type]: (data) => {
    const projects = Array.isArray(data['projects']) ? data['projects'].map(String) : [];
    const shown = projects.slice(0, 4).join(', ') + (projects.length > 4 ? ', …' : '');
    return { icon: 'wheel', words: html`has wheels built of ${foreign(shown)} of ${index(data)}` };
  },
  [events.projectUnwatched.type]: (data) => ({
    icon: 'trash',
    words: html`has no more wheels built of ${named(data, 'project')} of ${index(data)}`,
  }),
  [events.buildSucceeded.type]: (data) => ({ icon: 'wheel', words: html`built ${build(data)}` }),
  [events.buildFailed.type]: (data) => ({
    icon: 'cross',
    words: html`could not build ${build(data)}: ${named(data, 'failure')}`,
  }),
  [events.builderRegistered.type]: (data) => ({
    icon: 'plus',
    words: html`registered the builder ${named(data, 'builder')}`,
  }),
  [events.builderChanged.type]: (data) => ({
    icon: 'settings',
    words: html`${STATES[String(data['state'])] ?? 'changed'} the builder ${named(data, 'builder')}`,
  }),
};
