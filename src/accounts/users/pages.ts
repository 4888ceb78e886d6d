import { confirm } from '#web/components/confirm.ts';
import { empty } from '#web/components/empty.ts';
import { form, type Refusal } from '#web/components/form.ts';
import { heading } from '#web/components/heading.ts';
import { icon } from '#web/components/icon.ts';
import { note } from '#web/components/note.ts';
import { PAGE_SIZE, pagination, table } from '#web/components/table.ts';
import { time } from '#web/components/time.ts';
import { foreign, html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { ownPasswordField } from '../passwords/own-password.ts';
import type { UserAccount } from './store.ts';

/** A user as the reader may see it. */
export type SeenUser = Pick<UserAccount, 'name' | 'title' | 'email' | 'createdAt'>;

export interface UsersPage {
  readonly users: readonly SeenUser[];
  readonly total: number;
  readonly page: number;
  readonly text: string;
  readonly here: string;
  readonly mayCreate: boolean;
  readonly isRoot: boolean;
  readonly signUp: 'anyone' | 'root';
}

/** All users. */
export function usersPage(data: UsersPage): Page {
  const { users, total, page, text, here, mayCreate, isRoot, signUp } = data;
  return {
    title: ['Users'],
    body: html`${heading([{ label: 'Users' }], {
      ...(isRoot && {
        summary: html`${signUp === 'anyone' ? 'Anybody may make a user' : 'Only you make users'}
          (<code>accounts.sign-up</code>: ${signUp}).`,
      }),
      actions: [
        ...(isRoot ? [html`<a class="button" href="/+groups">Groups</a>`] : []),
        ...(mayCreate
          ? [html`<a class="button primary" href="/+users/+new">${icon('plus')} New user</a>`]
          : []),
      ],
    })}
    <form class="filters" method="get" action="/+users" data-swap="users">
      <input type="text" name="q" value="${text}" aria-label="Users whose name contains" placeholder="Name" />
      <button class="button">Filter</button>
    </form>
    <div id="users">
      ${
        users.length === 0
          ? empty(text === '' ? 'There is nobody.' : html`No user has ${foreign(text)} in the name.`)
          : table({
              caption: 'Users',
              rows: users,
              columns: [
                {
                  label: 'User',
                  cell: ({ name }: SeenUser) => html`<a href="/${name}">${foreign(name)}</a>`,
                },
                { label: 'Title', cell: ({ title }: SeenUser) => foreign(title ?? '') },
                { label: 'E-mail', cell: ({ email }: SeenUser) => foreign(email ?? ''), isMinor: true },
                { label: 'Since', cell: ({ createdAt }: SeenUser) => time(createdAt), align: 'end' },
              ],
            })
      }
      ${pagination({ here, page, total })}
      ${total <= PAGE_SIZE && total > 0 && html`<p class="mute">${total} ${total === 1 ? 'user' : 'users'}</p>`}
    </div>`,
  };
}

export interface EditUserPage {
  readonly name: string;
  readonly input: Readonly<Record<string, string>>;
  /** Root sets others' passwords; one's own is changed at the account. */
  readonly maySetPassword: boolean;
  /** Whether the reader gives the own password again. */
  readonly asksPassword: boolean;
  readonly done: boolean;
  readonly refusal?: Refusal | undefined;
}

/** The form to change a user. */
export function editUserPage(data: EditUserPage): Page {
  const { name, input, maySetPassword, asksPassword, done, refusal } = data;
  return {
    title: ['Edit', name],
    isSecret: true,
    ...(refusal !== undefined && { status: 422 }),
    body: html`<div class="narrow">
      ${heading([{ label: name, href: `/${name}` }, { label: 'Edit' }])} ${done && note('good', 'Saved.')}
      ${form({
        action: `/${name}/+edit`,
        fields: [
          {
            kind: 'text',
            name: 'title',
            label: 'Title',
            value: input['title'] ?? '',
            hint: 'A name for people, such as Alice Doe or the Payments team.',
            autocomplete: 'off',
          },
          {
            kind: 'textarea',
            name: 'description',
            label: 'Description',
            value: input['description'] ?? '',
          },
          {
            kind: 'email',
            name: 'email',
            label: 'E-mail',
            value: input['email'] ?? '',
            hint: 'Seen by you, root, and whom accounts.user-detail-readers names.',
            autocomplete: 'email',
          },
          ...(maySetPassword
            ? ([
                {
                  kind: 'password',
                  name: 'password',
                  label: 'New password',
                  hint: `Empty: stays as it is. A new one logs ${name} out everywhere.`,
                  autocomplete: 'new-password',
                },
                { kind: 'password', name: 'again', label: 'Again', autocomplete: 'new-password' },
              ] as const)
            : []),
          ...(asksPassword ? [ownPasswordField] : []),
        ],
        submit: 'Save',
        cancel: { label: 'Cancel', href: `/${name}` },
        refusal,
      })}
    </div>`,
  };
}

export interface DeleteUserPage {
  readonly name: string;
  /** Whether the reader gives the own password again. */
  readonly asksPassword: boolean;
  readonly refusal?: Refusal | undefined;
}

/** Asks whether a user shall go. */
export function deleteUserPage({ name, asksPassword, refusal }: DeleteUserPage): Page {
  return {
    title: ['Delete', name],
    ...(refusal !== undefined && { status: 422 }),
    body: confirm({
      question: `Delete the user ${name}?`,
      facts: html`<p>
          All indexes of <strong>${name}</strong> go with the user, and every release and file in them; each must be volatile. Logins and API
          tokens end at once.
        </p>
        <p>This cannot be undone. Groups and access lists keep the name for a new user who takes it.</p>`,
      action: `/${name}/+delete`,
      submit: `Delete ${name}`,
      typed: name,
      fields: asksPassword ? [ownPasswordField] : [],
      keep: { label: 'Keep', href: `/${name}` },
      refusal,
    }),
  };
}
