import { form, type Refusal } from '#web/components/form.ts';
import { heading } from '#web/components/heading.ts';
import { html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { newUserFields } from '../users/new-user-fields.ts';

export interface NewUserPage {
  /** Who looks; undefined for who makes a user of their own. */
  readonly reader: string | undefined;
  readonly input: Readonly<Record<string, string>>;
  readonly refusal?: Refusal | undefined;
  readonly warning: Html | undefined;
}

/** The form for a new user. */
export function newUserPage({ reader, input, refusal, warning }: NewUserPage): Page {
  const isOwn = reader === undefined;
  return {
    title: ['New user'],
    isSecret: true,
    ...(refusal !== undefined && { status: 422 }),
    body: html`<div class="narrow">
      ${heading(isOwn ? [{ label: 'New user' }] : [{ label: 'Users', href: '/+users' }, { label: 'New' }])} ${warning}
      ${form({
        action: '/+users/+new',
        fields: newUserFields(input),
        submit: 'Make the user',
        cancel: isOwn ? { label: 'Cancel', href: '/+login' } : { label: 'Cancel', href: '/+users' },
        refusal,
      })}
    </div>`,
  };
}
