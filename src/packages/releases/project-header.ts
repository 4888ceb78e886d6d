import { heading } from '#web/components/heading.ts';
import { tabs } from '#web/components/tabs.ts';
import { html, type Html } from '#web/html.ts';
import { encodePathSegment } from '../model/file-path.ts';
import type { Index } from '../model/index.ts';

/** Which address a page of a project has. */
export interface ProjectPlace {
  /** The index that was asked. */
  readonly index: Pick<Index, 'user' | 'name'>;
  /** Normalized. */
  readonly project: string;
}

/** `/alice/dev/demo`, or what is below it. */
export function projectHref({ index, project }: ProjectPlace, ...below: readonly string[]): string {
  return `${indexHref(index)}/${[project, ...below].map(encodePathSegment).join('/')}`;
}

export function indexHref({ user, name }: Pick<Index, 'user' | 'name'>): string {
  return `/${encodePathSegment(user)}/${encodePathSegment(name)}`;
}

/** The page that tells index by index why the project is seen. */
export function whyHref({ index, project }: ProjectPlace): string {
  return `${indexHref(index)}/+why/${encodePathSegment(project)}`;
}

export interface ProjectHeader {
  readonly place: ProjectPlace;
  readonly displayName: string;
  readonly summary: Html | undefined;
  readonly counts: { readonly versions: number };
  /** The version whose description is that of the project. */
  readonly newest: string | undefined;
  readonly current: 'versions' | 'why' | 'history';
  readonly actions: readonly Html[];
}

/** The top of the pages of a project. */
export function projectHeader(header: ProjectHeader): Html {
  const { place, displayName, summary, counts, newest = 'latest', current, actions } = header;
  const { index } = place;
  return html`${heading(
    [
      { label: index.user, href: `/${encodePathSegment(index.user)}` },
      { label: index.name, href: indexHref(index) },
      { label: displayName },
    ],
    { actions, ...(summary && { summary }) },
  )}
  ${tabs('Project', [
    { label: 'Readme', href: projectHref(place, newest), isCurrent: false },
    {
      label: 'Versions',
      href: projectHref(place),
      count: counts.versions,
      isCurrent: current === 'versions',
    },
    { label: 'Why', href: whyHref(place), isCurrent: current === 'why' },
    { label: 'History', href: projectHref(place, '+history'), isCurrent: current === 'history' },
  ])}`;
}
