import { badge } from '#web/components/badge.ts';
import { aside, columns, facts } from '#web/components/columns.ts';
import { empty } from '#web/components/empty.ts';
import { heading } from '#web/components/heading.ts';
import { icon } from '#web/components/icon.ts';
import { PAGE_SIZE, pagination, table } from '#web/components/table.ts';
import { time } from '#web/components/time.ts';
import { foreign, html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import type { UserAccount } from '#accounts';
import { isVolatile, listOption, type Index } from '../model/index.ts';

export interface UserPage {
  /** As the reader may see it. */
  readonly user: UserAccount;
  /** Those that the reader may read. */
  readonly indexes: readonly Index[];
  readonly page: number;
  readonly here: string;
  readonly isOwn: boolean;
  readonly mayEdit: boolean;
  readonly mayDelete: boolean;
  readonly mayCreateIndex: boolean;
}

/** A user with the indexes that the reader may read. */
export function userPage(data: UserPage): Page {
  const { user, indexes, page, here, isOwn, mayEdit, mayDelete, mayCreateIndex } = data;
  const { name, title, description, email, createdAt } = user;
  const newIndex = html`<a class="button primary" href="/${name}/+new-index">${icon('plus')} New index</a>`;
  const actions = [
    ...(mayEdit ? [html`<a class="button" href="/${name}/+edit">Edit</a>`] : []),
    ...(mayDelete ? [html`<a class="button" href="/${name}/+delete">Delete</a>`] : []),
    ...(mayCreateIndex && indexes.length > 0 ? [newIndex] : []),
  ];
  return {
    title: [name],
    section: 'packages',
    body: html`${heading([{ label: name }], {
      ...(title !== null && { summary: foreign(title) }),
      actions,
    })}
    ${columns(
      html`<section>
        <h2>Indexes</h2>
        ${
          indexes.length === 0
            ? empty(
                mayCreateIndex
                  ? html`<strong>No index yet.</strong> Make one to upload releases to, or to show those of others.`
                  : html`<strong>No index</strong> of ${foreign(name)} that you may read.`,
                mayCreateIndex ? html`<p>${newIndex}</p>` : undefined,
              )
            : indexTable(name, indexes.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE))
        }
        ${pagination({ here, page, total: indexes.length })}
      </section>`,
      [
        description !== null && aside('About', paragraphs(description)),
        aside(
          'User',
          facts([
            ['name', foreign(name)],
            email !== null && ['e-mail', html`<a href="mailto:${email}">${foreign(email)}</a>`],
            ['since', time(createdAt)],
          ]),
        ),
        isOwn &&
          aside(
            'Yours',
            html`<ul class="plain">
              <li><a href="/+account">Password and sessions</a></li>
              <li><a href="/+tokens">API tokens</a></li>
            </ul>`,
          ),
      ],
    )}`,
  };
}

function indexTable(user: string, indexes: readonly Index[]): Html {
  return table({
    caption: `Indexes of ${user}`,
    rows: indexes,
    columns: [
      {
        label: 'Index',
        cell: ({ name }: Index) => html`<a href="/${user}/${name}">${foreign(name)}</a>`,
      },
      { label: 'Kind', cell: kindOf },
      {
        label: 'Title',
        cell: ({ options }: Index) => foreign(String(options['title'] ?? '')),
        isMinor: true,
      },
      {
        label: 'Bases',
        cell: (index: Index) =>
          listOption(index, 'bases').map(
            (base, position) => html`${position > 0 && ', '}<a href="/${base}">${foreign(base)}</a>`,
          ),
      },
    ],
  });
}

function kindOf(index: Index): Html {
  const isRestricted = index.options['acl_read'] !== undefined;
  return html`${badge(index.type)}${isVolatile(index) && index.type === 'stage' && html` ${badge('volatile')}`}${
    isRestricted && html` ${badge('restricted', 'accent')}`
  }`;
}

/** Text of people, in which an empty line begins a paragraph. */
function paragraphs(text: string): Html {
  return html`${text
    .split(/\n{2,}/)
    .slice(0, 50)
    .map((paragraph) => html`<p>${foreign(paragraph)}</p>`)}`;
}
