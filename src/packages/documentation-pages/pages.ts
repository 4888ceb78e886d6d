import { heading } from '#web/components/heading.ts';
import { icon } from '#web/components/icon.ts';
import { note } from '#web/components/note.ts';
import { html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { encodePathSegment, fileUrlPath } from '../model/file-path.ts';
import { fullName, type Index } from '../model/index.ts';
import { indexHref, projectHref } from '../releases/project-header.ts';
import type { FoundDocumentation } from './find-documentation.ts';

/** Documentation with the top of our pages around it: whose it is, whether there is newer, and the zip. */
export function documentationPage(input: {
  /** The index that was asked. */
  readonly index: Index;
  readonly project: string;
  readonly shown: FoundDocumentation;
  /** The newest version that has documentation. */
  readonly newest: string | undefined;
  /** Below `+doc/`. */
  readonly path: string;
}): Page {
  const { index, project, shown, newest = shown.version, path } = input;
  const { version, documentation } = shown;
  const place = { index, project };
  const alone = projectHref(place, version, '+doc', ...path.split('/'));
  const zip = `/${fileUrlPath(shown.index, documentation.sha256, documentation.filename)}`;
  return {
    title: [`Documentation of ${project} ${version}`, fullName(index)],
    section: 'packages',
    body: html`${heading(
      [
        { label: index.user, href: `/${encodePathSegment(index.user)}` },
        { label: index.name, href: indexHref(index) },
        { label: project, href: projectHref(place) },
        { label: version, href: projectHref(place, version) },
        { label: 'Documentation' },
      ],
      {
        actions: [
          html`<a class="button" href="${alone}">Without this frame</a>`,
          html`<a class="button" href="${zip}">${icon('download')} Download</a>`,
        ],
      },
    )}
    ${
      newest !== version &&
      note(
        'info',
        html`There is documentation of a newer version:
          <a href="${projectHref(place, newest, '+d', 'index.html')}">${newest}</a>`,
      )
    }
    <iframe class="documentation" src="${alone}" title="Documentation of ${project} ${version}"></iframe>`,
  };
}
