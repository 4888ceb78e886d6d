import { confirm } from '#web/components/confirm.ts';
import { empty } from '#web/components/empty.ts';
import { form, postButton, type Refusal } from '#web/components/form.ts';
import { heading } from '#web/components/heading.ts';
import { table } from '#web/components/table.ts';
import { foreign, html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import type { Group } from './store.ts';

export interface GroupsPage {
  readonly groups: readonly Group[];
  readonly input: Readonly<Record<string, string>>;
  readonly refusal?: Refusal | undefined;
}

/** The address of a group's page. */
export function groupPath(name: string): string {
  return `/+groups/${encodeURIComponent(name)}`;
}

/** All groups, and a form for a new one. */
export function groupsPage({ groups, input, refusal }: GroupsPage): Page {
  return {
    title: ['Groups'],
    ...(refusal !== undefined && { status: 422 }),
    body: html`${heading([{ label: 'Groups' }], {
      summary: html`Access lists of indexes name a group as <code>:NAME</code> and mean all its members.`,
      actions: [html`<a class="button" href="/+users">Users</a>`],
    })}
    ${
      groups.length === 0
        ? empty(
            html`<strong>No groups yet.</strong> Make one for people who may read or upload together, and name it in
              <code>acl_read</code> or <code>acl_upload</code> of an index.`,
          )
        : table({
            caption: 'Groups',
            rows: groups,
            columns: [
              {
                label: 'Group',
                cell: ({ name }: Group) => html`<a href="${groupPath(name)}">${foreign(name)}</a>`,
              },
              {
                label: 'Members',
                cell: ({ members }: Group) =>
                  members.length === 0
                    ? html`<span class="mute">none</span>`
                    : members
                        .slice(0, 10)
                        .map((name, i) => html`${i > 0 && ', '}<a href="/${name}">${foreign(name)}</a>`),
              },
              { label: 'Count', align: 'end', cell: ({ members }: Group) => members.length },
            ],
          })
    }
    <section>
      <h2>New group</h2>
      ${form({
        action: '/+groups',
        fields: [
          {
            kind: 'text',
            name: 'name',
            label: 'Name',
            value: input['name'] ?? '',
            isRequired: true,
            autocomplete: 'off',
          },
          {
            kind: 'text',
            name: 'members',
            label: 'Members',
            value: input['members'] ?? '',
            hint: 'Users, with spaces or commas between them; more can be added later.',
            autocomplete: 'off',
          },
        ],
        submit: 'Make the group',
        refusal,
      })}
    </section>`,
  };
}

export interface GroupPage {
  readonly group: Group;
  readonly input: Readonly<Record<string, string>>;
  readonly refusal?: Refusal | undefined;
}

/** The members of a group. */
export function groupPage({ group: { name, members }, input, refusal }: GroupPage): Page {
  return {
    title: [name, 'Groups'],
    ...(refusal !== undefined && { status: 422 }),
    body: html`${heading([{ label: 'Groups', href: '/+groups' }, { label: name }], {
      summary: html`Access lists name it <code>:${name}</code>.`,
      actions: [html`<a class="button" href="${groupPath(name)}/+delete" data-confirm>Delete</a>`],
    })}
    ${
      members.length === 0
        ? empty('Nobody is in it.')
        : table({
            caption: `Members of ${name}`,
            rows: members,
            columns: [
              { label: 'Member', cell: (user: string) => html`<a href="/${user}">${foreign(user)}</a>` },
              {
                label: '',
                align: 'end',
                cell: (user: string) =>
                  postButton(
                    groupPath(name),
                    html`Remove<span class="hidden"> ${user}</span>`,
                    { remove: user },
                    'link',
                  ),
              },
            ],
          })
    }
    <section>
      <h2>Add members</h2>
      ${form({
        action: groupPath(name),
        fields: [
          {
            kind: 'text',
            name: 'add',
            label: 'Users',
            value: input['add'] ?? '',
            hint: 'With spaces or commas between them.',
            isRequired: true,
            autocomplete: 'off',
          },
        ],
        submit: 'Add',
        refusal,
      })}
    </section>`,
  };
}

/** Asks whether a group shall go. */
export function deleteGroupPage({ name, members }: Group): Page {
  return {
    title: ['Delete', name],
    body: confirm({
      question: `Delete the group ${name}?`,
      facts: html`<p>
          ${members.length === 0 ? 'It has no members.' : `Its ${members.length} members lose what access lists give to :${name}.`}
          The users stay.
        </p>
        <p>Access lists keep the name: a new group of this name gets what the old one had.</p>`,
      action: `${groupPath(name)}/+delete`,
      submit: `Delete ${name}`,
      keep: { label: 'Keep', href: groupPath(name) },
    }),
  };
}
