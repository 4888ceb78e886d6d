import { badge } from '#web/components/badge.ts';
import { aside, columns } from '#web/components/columns.ts';
import { form, postButton, type Refusal } from '#web/components/form.ts';
import { heading } from '#web/components/heading.ts';
import { note } from '#web/components/note.ts';
import { table } from '#web/components/table.ts';
import { time } from '#web/components/time.ts';
import { foreign, html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { describeAgent } from './describe-agent.ts';
import type { Session } from './store.ts';

export type Theme = 'light' | 'dark' | 'system';

export interface AccountPage {
  readonly user: string;
  readonly groups: readonly string[];
  readonly sessions: readonly Session[];
  /** The id of the session that looks; undefined for who sends a password with each request. */
  readonly current: string | undefined;
  readonly theme: Theme;
  /** What was just done, in a sentence. */
  readonly done: string | undefined;
  readonly refusal?: Refusal | undefined;
  readonly warning: Html | undefined;
  readonly isRoot: boolean;
}

/** Password, sessions and theme of who looks. */
export function accountPage(data: AccountPage): Page {
  const { user, groups, done, refusal, isRoot } = data;
  const summary =
    groups.length === 0 ? undefined : html`In the groups ${groups.map((name) => html`${badge(name)} `)}`;
  return {
    title: ['Account', user],
    isSecret: true,
    ...(refusal !== undefined && { status: 422 }),
    body: html`${heading([{ label: user, href: `/${user}` }, { label: 'Account' }], {
      ...(summary !== undefined && { summary }),
      actions: [postButton('/+logout', 'Log out')],
    })}
    ${done !== undefined && note('good', done)}
    ${columns(html`${sessionList(data)} ${passwordForm(data)}`, [
      aside(
        'Yours',
        html`<ul class="plain">
          <li><a href="/${user}">Your user and indexes</a></li>
          <li><a href="/+tokens">API tokens</a></li>
          <li><a href="/${user}/+edit">Title, description, e-mail</a></li>
        </ul>`,
      ),
      isRoot &&
        aside(
          'This server',
          html`<ul class="plain">
            <li><a href="/+users">Users</a></li>
            <li><a href="/+groups">Groups</a></li>
            <li><a href="/+settings">Settings</a></li>
          </ul>`,
        ),
      aside('Theme', themeForm(data.theme)),
    ])}`,
  };
}

function sessionList({ sessions, current }: AccountPage): Html {
  const others = sessions.filter(({ id }) => id !== current);
  return html`<section>
    <h2>Logged in ${
      others.length > 0 &&
      html`<span class="more">${postButton(
        '/+account/sessions',
        current === undefined ? 'Log out everywhere' : 'Log out everywhere else',
        { all: 'others' },
      )}</span>`
    }</h2>
    ${
      sessions.length === 0
        ? html`<p>In no browser: this one sends the password with every request.</p>`
        : table({
            caption: 'Browsers in which you are logged in',
            rows: sessions,
            columns: [
              {
                label: 'Browser',
                cell: ({ id, agent }: Session) =>
                  html`${foreign(describeAgent(agent))}${id === current && html` ${badge('this one', 'accent')}`}`,
              },
              { label: 'Address', cell: ({ address }: Session) => html`<code>${address}</code>` },
              { label: 'Since', cell: ({ createdAt }: Session) => time(createdAt), isMinor: true },
              { label: 'Seen', cell: ({ seenAt }: Session) => time(seenAt) },
              { label: 'Ends', cell: ({ endsAt }: Session) => time(endsAt), isMinor: true },
              {
                label: '',
                align: 'end',
                cell: ({ id, agent }: Session) =>
                  id !== current &&
                  postButton(
                    '/+account/sessions',
                    html`Log out<span class="hidden"> ${describeAgent(agent)}</span>`,
                    { session: id },
                    'link',
                  ),
              },
            ],
          })
    }
    <p class="mute">
      Programs that logged in by the API keep their login for ten hours at most; a new password ends those, too. API tokens go on until they
      end or are <a href="/+tokens">revoked</a>.
    </p>
  </section>`;
}

function passwordForm({ refusal, warning, user }: AccountPage): Html {
  return html`<section>
    <h2>Change the password</h2>
    ${warning}
    ${form({
      action: '/+account/password',
      fields: [
        { kind: 'hidden', name: 'username', value: user },
        {
          kind: 'password',
          name: 'current',
          label: 'Password now',
          isRequired: true,
          autocomplete: 'current-password',
        },
        {
          kind: 'password',
          name: 'password',
          label: 'New password',
          hint: 'Eight characters at least.',
          isRequired: true,
          autocomplete: 'new-password',
        },
        {
          kind: 'password',
          name: 'again',
          label: 'Again',
          isRequired: true,
          autocomplete: 'new-password',
        },
      ],
      submit: 'Change the password',
      refusal,
      note: html`<p class="hint">Every other browser and program that is logged in as you is logged out.</p>`,
    })}
  </section>`;
}

const THEMES: readonly (readonly [Theme, string])[] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

function themeForm(chosen: Theme): Html {
  return html`<div class="buttons">
    ${THEMES.map(([theme, label]) =>
      theme === chosen
        ? html`<span class="button" aria-current="true">${label}</span>`
        : postButton('/+account/theme', label, { theme }),
    )}
  </div>`;
}
