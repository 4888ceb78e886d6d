import { badge } from '#web/components/badge.ts';
import { copyable } from '#web/components/copyable.ts';
import { empty } from '#web/components/empty.ts';
import { heading } from '#web/components/heading.ts';
import { PAGE_SIZE, pagination, table } from '#web/components/table.ts';
import { foreign, html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import type { Index } from '../model/index.ts';

/** All indexes that a reader may read, page by page. */
export function indexesPage(input: {
  readonly indexes: readonly Index[];
  readonly page: number;
  readonly here: string;
  readonly reader: string | undefined;
}): Page {
  const { indexes, page, here, reader } = input;
  const shown = indexes.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
  const create =
    reader === undefined ? [] : [html`<a class="button" href="/${reader}/+new-index">New index</a>`];
  const list =
    indexes.length === 0
      ? empty('There is no index that you may read.', copyable('wheelhouse index -c dev'))
      : table({
          caption: 'Indexes',
          columns: [
            {
              label: 'Index',
              cell: ({ user, name }: Index) => html`<a href="/${user}/${name}">${user}/${name}</a>`,
            },
            { label: 'Kind', cell: kindOf },
            {
              label: 'Title',
              cell: ({ options }: Index) => foreign(String(options['title'] ?? '')),
              isMinor: true,
            },
            { label: 'Bases', cell: ({ options }: Index) => basesOf(options['bases']) },
          ],
          rows: shown,
        });
  return {
    title: ['Indexes'],
    section: 'packages',
    body: html`${heading([{ label: 'Indexes' }], { actions: create })} ${list}
    ${pagination({ here, page, total: indexes.length })}`,
  };
}

function kindOf({ type, options }: Index) {
  if (type === 'mirror') return badge('mirror');
  return options['volatile'] === false ? badge('stage') : badge('volatile stage');
}

function basesOf(bases: unknown) {
  const names = Array.isArray(bases) ? bases.map(String) : [];
  return names.map((name, position) => html`${position > 0 && ', '}<a href="/${name}">${name}</a>`);
}
