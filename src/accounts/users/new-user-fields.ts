import { html } from '#web/html.ts';

/** The fields of a new user, wherever one is made. */
export function newUserFields(input: Readonly<Record<string, string>>) {
  return [
    {
      kind: 'text',
      name: 'user',
      label: 'User name',
      value: input['user'] ?? '',
      hint: html`Also the first part of addresses: <code>/alice/dev</code>.`,
      isRequired: true,
      autocomplete: 'username',
    },
    {
      kind: 'email',
      name: 'email',
      label: 'E-mail (optional)',
      value: input['email'] ?? '',
      autocomplete: 'email',
    },
    {
      kind: 'password',
      name: 'password',
      label: 'Password',
      hint: 'Eight characters at least.',
      isRequired: true,
      autocomplete: 'new-password',
    },
    { kind: 'password', name: 'again', label: 'Again', isRequired: true, autocomplete: 'new-password' },
  ] as const;
}
