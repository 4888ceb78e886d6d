import { form, type Refusal } from '#web/components/form.ts';
import { heading } from '#web/components/heading.ts';
import { note } from '#web/components/note.ts';
import { html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';

export interface LoginPage {
  readonly user: string;
  /** Where the login leads: a path of ours. */
  readonly next: string;
  readonly refusal?: Refusal | undefined;
  readonly warning: Html | undefined;
  /** While root has no password. */
  readonly isNew: boolean;
  /** Whether anybody may make a user. */
  readonly maySignUp: boolean;
}

/** The form to log in. */
export function loginPage({ user, next, refusal, warning, isNew, maySignUp }: LoginPage): Page {
  return {
    title: ['Log in'],
    isSecret: true,
    ...(refusal !== undefined && { status: 422 }),
    body: html`<div class="narrow">
      ${heading([{ label: 'Log in' }])}
      ${isNew && note('info', html`This server is new: <a href="/+setup">set it up</a> first.`)} ${warning}
      ${form({
        action: '/+login',
        fields: [
          { kind: 'hidden', name: 'next', value: next },
          {
            kind: 'text',
            name: 'user',
            label: 'User name',
            value: user,
            isRequired: true,
            autocomplete: 'username',
          },
          {
            kind: 'password',
            name: 'password',
            label: 'Password',
            isRequired: true,
            autocomplete: 'current-password',
          },
        ],
        submit: 'Log in',
        refusal,
      })}
      <p class="mute">
        ${maySignUp && html`No user yet? <a href="/+users/+new">Make one</a>. `}Password forgotten? Root can set a new
        one at your user’s page; for root there is <code>wheelhouse passwd root --local</code> on the server.
      </p>
    </div>`,
  };
}
