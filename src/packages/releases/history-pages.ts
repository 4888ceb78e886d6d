import { empty } from '#web/components/empty.ts';
import { table } from '#web/components/table.ts';
import { time } from '#web/components/time.ts';
import { foreign, html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import type { StoredEvent } from '#kernel/events/event-type.ts';
import { fullName } from '../model/index.ts';
import type { ProjectTop } from './pages.ts';
import { projectHeader } from './project-header.ts';
import type { History } from './read-history.ts';
import { releaseTabPage, type ReleaseTop } from './release-pages.ts';

/** What happened to a project. */
export function historyPage({ top, history }: { readonly top: ProjectTop; readonly history: History }): Page {
  const { place, displayName } = top;
  return {
    title: [`History of ${displayName}`, fullName({ ...place.index })],
    section: 'packages',
    body: html`${projectHeader({ ...top, current: 'history' })} ${list(history)}`,
  };
}

/** What happened to a release. */
export function releaseHistoryPage(input: { readonly top: ReleaseTop; readonly history: History }): Page {
  return releaseTabPage(input.top, 'history', [list(input.history)]);
}

function list({ events, hasMore }: History): Html {
  if (events.length === 0)
    return empty(
      'Nothing is recorded: uploads, yanks and removals stand here, and what a mirror fetches does not.',
    );
  return html`${table<StoredEvent>({
    caption: 'What happened, newest first',
    columns: [
      { label: 'When', cell: ({ at }) => time(at) },
      {
        label: 'Who',
        cell: ({ actor }) => (actor === null ? html`<span class="mute">nobody named</span>` : foreign(actor)),
      },
      { label: 'What', cell: describe },
      { label: 'Index', cell: ({ data }) => textOf(data, 'index'), isMinor: true },
      {
        label: 'Serial',
        cell: ({ serial }) => html`<span class="mute">${serial}</span>`,
        align: 'end',
        isMinor: true,
      },
    ],
    rows: events,
  })}
  ${hasMore && html`<p class="mute">Older events are not shown.</p>`}`;
}

function describe({ type, data }: StoredEvent): Html {
  const version = foreign(textOf(data, 'version'));
  const filename = foreign(textOf(data, 'filename'));
  switch (type.split('.')[1]) {
    case 'file-uploaded':
      return html`uploaded ${filename}${data['replaced'] === true && ' in the place of another file'}`;
    case 'file-removed':
      return html`removed ${filename}`;
    case 'release-registered':
      return html`registered ${version} without a file`;
    case 'release-removed':
      return html`removed ${version}`;
    case 'release-yanked': {
      const reason = textOf(data, 'reason');
      return html`yanked ${version}${reason !== '' && html`: ${foreign(reason)}`}`;
    }
    case 'release-unyanked':
      return html`took the yank of ${version} back`;
    case 'project-created':
      return html`brought the first release`;
    case 'project-removed':
      return html`removed the project`;
    case 'mirror-refreshed':
      return html`upstream tells something new`;
    case 'bundle-imported':
      return html`imported ${String(data['files'] ?? '')} files from a bundle`;
    default:
      return html`${type}`;
  }
}

function textOf(data: StoredEvent['data'], key: string): string {
  const value = data[key];
  return typeof value === 'string' ? value : '';
}
