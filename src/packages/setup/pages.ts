import { newUserFields } from '#accounts';
import { state } from '#web/components/badge.ts';
import { formatBytes } from '#web/components/bytes.ts';
import { aside, columns } from '#web/components/columns.ts';
import { copyable } from '#web/components/copyable.ts';
import { form, type Field, type Refusal } from '#web/components/form.ts';
import { heading } from '#web/components/heading.ts';
import { choices } from '#web/components/tabs.ts';
import { html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { listOption } from '../model/index.ts';
import { useLines } from '../overview/use-lines.ts';
import type { SetupStep } from './setup-step.ts';

export interface SetupPage {
  readonly step: SetupStep;
  /** Who is logged in. */
  readonly user: string | undefined;
  /** Whether the key that `serve` prints is asked for. */
  readonly needsKey: boolean;
  readonly input: Readonly<Record<string, string>>;
  readonly refusal?: Refusal | undefined;
  readonly outsideUrl: string;
  /** Where the mirror of PyPI is, if it still is. */
  readonly mirror: string | undefined;
  readonly freeBytes: number;
  readonly warning: Html | undefined;
}

const STEPS = [
  ['password', 'Password of root'],
  ['user', 'You'],
  ['index', 'Your index'],
] as const;

/** One step of setting a new server up. */
export function setupPage(data: SetupPage): Page {
  const { step, refusal } = data;
  return {
    title: ['Set up'],
    isSecret: true,
    ...(refusal !== undefined && { status: 422 }),
    body: html`${heading([{ label: 'Set up this server' }], {
      summary: data.needsKey
        ? 'Three steps, about a minute. Nobody else can finish them: the key in your terminal is asked for once.'
        : 'Three steps, about a minute.',
    })}
    ${columns(html`${progress(step.step)} ${STEP_BODIES[step.step](data)}`, besides(data))}`,
  };
}

function progress(current: SetupStep['step']): Html {
  const position = current === 'use' ? STEPS.length : STEPS.findIndex(([step]) => step === current);
  return html`<ol class="steps" aria-label="Steps">
    ${STEPS.map(([, label], i) => {
      const word = i < position ? 'done' : i === position ? 'now' : 'next';
      return html`<li class="${word}" ${i === position && html` aria-current="step"`}>
        <strong>${label}</strong> <span>${word}</span>
      </li>`;
    })}
  </ol>`;
}

const STEP_BODIES: Readonly<Record<SetupStep['step'], (data: SetupPage) => Html>> = {
  password: ({ needsKey, input, refusal, warning }) => {
    const key: Field = {
      kind: 'text',
      name: 'key',
      label: 'Key',
      value: input['key'] ?? '',
      hint: html`Printed by <code>wheelhouse serve</code> in its terminal or log; it shows that the server is yours.`,
      isRequired: true,
      autocomplete: 'off',
    };
    return html`<p>
        Root administers the server: users, groups, every index. Until root has a password, anybody who reaches this server could be root.
      </p>
      ${warning}
      ${form({
        action: '/+setup',
        fields: [
          ...(needsKey ? [key] : []),
          { kind: 'hidden', name: 'step', value: 'password' },
          {
            kind: 'password',
            name: 'password',
            label: 'Password of root',
            hint: 'Eight characters at least.',
            isRequired: true,
            autocomplete: 'new-password',
          },
          { kind: 'password', name: 'again', label: 'Again', isRequired: true, autocomplete: 'new-password' },
        ],
        submit: 'Set the password',
        refusal,
      })}`;
  },
  user: ({ input, refusal }) => html`<p>
      A user of your own, for daily work: what you upload and make carries its name, and root stays for administration.
    </p>
    ${form({
      action: '/+setup',
      fields: [{ kind: 'hidden', name: 'step', value: 'user' }, ...newUserFields(input)],
      submit: 'Make the user',
      cancel: { label: 'Skip, I use root', href: '/+setup?skip' },
      refusal,
    })}`,
  index: ({ input, refusal, user = 'root', mirror }) => {
    const isAgain = refusal !== undefined;
    return html`<p>
        An index is a place for releases, at <code>/${user}/…</code>. Installers get from it what you upload, and what its bases have.
      </p>
      ${form({
        action: '/+setup',
        fields: [
          { kind: 'hidden', name: 'step', value: 'index' },
          {
            kind: 'text',
            name: 'name',
            label: 'Name',
            value: input['name'] ?? 'dev',
            hint: html`Its address is <code>/${user}/NAME</code>.`,
            isRequired: true,
            autocomplete: 'off',
          },
          ...(mirror === undefined
            ? []
            : [
                {
                  kind: 'checkbox',
                  name: 'base',
                  label: `Show everything of PyPI, too (base ${mirror})`,
                  hint: 'A project that you upload hides the one of the same name on PyPI.',
                  value: mirror,
                  isChecked: !isAgain || input['base'] !== undefined,
                } as const,
              ]),
          {
            kind: 'select',
            name: 'readers',
            label: 'Who may read it',
            value: input['readers'] ?? 'anyone',
            options: [
              { value: 'anyone', label: 'Everybody who reaches the server' },
              { value: 'users', label: 'Whoever is logged in' },
              { value: 'me', label: 'Only you and root' },
            ],
            hint: 'It can be changed later, also to users and groups.',
          },
        ],
        submit: 'Make the index',
        refusal,
      })}`;
  },
  use: ({ step, outsideUrl, mirror }) => {
    if (step.step !== 'use') return html``;
    const { user, name, options } = step.index;
    const lines = useLines({
      user,
      name,
      url: `${outsideUrl}/${user}/${name}`,
      isPrivate: options['acl_read'] !== undefined,
      hasMirror: mirror !== undefined && listOption(step.index, 'bases').includes(mirror),
      takesUploads: true,
      project: 'PROJECT',
    });
    return html`<h2>Upload and install</h2>
      <p>
        <a href="/+tokens/+new">Make a token</a> for the machine that uploads, or
        <a href="/${user}/${name}/+upload">drop files here</a> in the browser.
      </p>
      ${choices(
        'tool',
        'Use the index with',
        lines.map(({ tool, steps }) => ({
          label: tool,
          body: html`${steps.map(
            ({ purpose, text, file }) =>
              html`<p class="soft">${purpose}${file !== undefined && html`, in <code>${file}</code>`}</p>
                ${copyable(text)}`,
          )}`,
        })),
      )}
      <p class="buttons">
        <a class="button primary" href="/${user}/${name}">Go to ${user}/${name}</a> <a class="button" href="/">Home</a>
      </p>`;
  },
};

function besides({ mirror, freeBytes, warning }: SetupPage): Html[] {
  return [
    aside(
      'Works already',
      html`<ul class="plain">
        ${
          mirror !== undefined &&
          html`<li>${state('good', '')} Mirror of PyPI at <a href="/${mirror}">${mirror}</a></li>`
        }
        <li>
          ${freeBytes > 5e9 ? state('good', '') : state('warning', '')} Store, ${formatBytes(freeBytes)} free
        </li>
        ${
          warning === undefined
            ? html`<li>${state('good', '')} Passwords travel where nobody else listens</li>`
            : html`<li>${state('warning', '')} Plain http: passwords can be read on the way</li>`
        }
      </ul>`,
    ),
    aside('Rather in the terminal?', copyable('wheelhouse setup')),
  ];
}
