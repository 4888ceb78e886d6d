import { facts } from '#web/components/columns.ts';
import { formatBytes } from '#web/components/bytes.ts';
import { confirm } from '#web/components/confirm.ts';
import { form, type Field, type Refusal } from '#web/components/form.ts';
import { heading } from '#web/components/heading.ts';
import { note } from '#web/components/note.ts';
import { formatCount } from '#web/components/tabs.ts';
import { foreign, html, visible, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { indexHref } from '../model/index-href.ts';
import { fullName, isVolatile, type Index } from '../model/index.ts';
import type { Preview } from '../overview/preview-change.ts';
import { describedOptions, fieldOf, settingsFields } from './settings-form.ts';

type Input = Readonly<Record<string, string>>;

/** The form of a new index. */
export function newIndexPage({
  user,
  input,
  mayMirror,
  refusal,
}: {
  readonly user: string;
  readonly input: Input;
  /** Whether the reader may choose an upstream. */
  readonly mayMirror: boolean;
  readonly refusal?: Refusal;
}): Page {
  const option = (type: 'stage' | 'mirror', name: string) =>
    describedOptions(type)
      .filter((each) => each.name === name)
      .map((each) => fieldOf(each, input));
  const fields: readonly Field[] = [
    {
      kind: 'text',
      name: 'name',
      label: 'Name',
      value: input['name'] ?? '',
      isRequired: true,
      autocomplete: 'off',
      hint: html`The index is then at <code>/${visible(user)}/NAME</code>. It cannot be renamed.`,
    },
    ...(mayMirror
      ? [
          {
            kind: 'select',
            name: 'type',
            label: 'Kind',
            value: input['type'] ?? 'stage',
            hint: 'A stage takes uploads. A mirror shows what an upstream index has, and keeps what somebody asks for. This never changes.',
            options: [
              { value: 'stage', label: 'stage' },
              { value: 'mirror', label: 'mirror' },
            ],
          } as const,
        ]
      : []),
    ...option('stage', 'title'),
    ...option('stage', 'bases'),
    ...(mayMirror
      ? option('mirror', 'mirror_url').map((field) => ({ ...field, label: 'Upstream, of a mirror' }))
      : []),
    ...option('stage', 'volatile'),
  ];
  return {
    title: ['New index', visible(user)],
    section: 'packages',
    ...(refusal !== undefined && { status: 422 }),
    body: html`${heading([{ label: user, href: `/${encodeURIComponent(user)}` }, { label: 'new index' }], {
      summary: 'Everything else can be set afterwards.',
    })}
      ${form({
        action: `/${encodeURIComponent(user)}/+new-index`,
        fields,
        submit: 'Make the index',
        cancel: { label: 'Cancel', href: `/${encodeURIComponent(user)}` },
        refusal,
      })}`,
  };
}

/** Every option of an index with what it does; a preview stands above while a change is not confirmed. */
export function settingsForm(
  index: Index,
  {
    input,
    refusal,
    preview,
    confirmation,
  }: {
    readonly input?: Input;
    readonly refusal?: Refusal;
    readonly preview?: Preview | undefined;
    /** Names the change that is shown: only this one is made without asking again. */
    readonly confirmation?: string;
  },
): Html {
  const isAsked = preview !== undefined;
  return html`${isAsked && previewNote(preview)}
    ${form({
      action: indexHref(index, '+settings'),
      fields: [
        ...settingsFields(index, input),
        ...(confirmation === undefined
          ? []
          : [{ kind: 'hidden', name: 'confirmation', value: confirmation } as const]),
      ],
      submit: isAsked ? 'Make this change' : 'Save',
      ...(isAsked && preview.facts.some(({ isWarning }) => isWarning) && { tone: 'bad' as const }),
      cancel: {
        label: isAsked ? 'Keep it as it is' : 'Cancel',
        href: indexHref(index, ...(isAsked ? ['+settings'] : [])),
      },
      refusal,
    })}
    <h2>Webhooks</h2>
    <p><a href="${indexHref(index, '+webhooks')}">Webhooks of ${foreign(fullName(index))}</a>: who is told what happens here.</p>
    <h2>Delete</h2>
    <p>
      ${
        isVolatile(index)
          ? html`<a href="${indexHref(index, '+delete')}">Delete ${foreign(fullName(index))}</a> with all that is on it.`
          : 'An index that is not volatile cannot be deleted: make it volatile first.'
      }
    </p>`;
}

function previewNote({ facts: all }: Preview): Html {
  const isWarning = all.some((fact) => fact.isWarning);
  return html`<section class="preview" aria-labelledby="preview">
    ${note(
      isWarning ? 'warning' : 'info',
      html`<h2 id="preview" tabindex="-1" data-focus>What would change</h2>
        <ul>
          ${all.map(
            ({ text, names }) =>
              html`<li>
                ${text}${names.length > 0 && html`: ${names.map((name, at) => html`${at > 0 && ', '}<code>${name}</code>`)}${isMore(text, names) && ', …'}`}.
              </li>`,
          )}
        </ul>
        <p>Nothing has changed yet.</p>`,
    )}
  </section>`;
}

/** True if the number in the sentence is of more names than are told. */
function isMore(text: string, names: readonly string[]): boolean {
  return Number(/^\d+/.exec(text)?.[0] ?? 0) > names.length;
}

/** What deleting an index takes away. */
export interface Contents {
  readonly projects: number;
  readonly files: number;
  readonly bytes: number;
  /** Indexes that name it as a base. */
  readonly heirs: readonly string[];
}

/** Asks before an index is deleted; one that is not volatile cannot be. */
export function deleteIndexPage(index: Index, contents: Contents, refusal?: Refusal): Page {
  const name = fullName(index);
  const title = ['Delete', visible(name)];
  const { projects, files, bytes, heirs } = contents;
  const told = facts([
    ['Projects', formatCount(projects)],
    ['Files', `${formatCount(files)}, ${formatBytes(bytes)}`],
    heirs.length > 0 && [
      'Base of',
      html`${heirs.slice(0, 5).map((each, at) => html`${at > 0 && ', '}${foreign(each)}`)}${heirs.length > 5 && `, and ${heirs.length - 5} more`},
        which lose what they take from it`,
    ],
  ]);
  if (!isVolatile(index)) {
    return {
      title,
      section: 'packages',
      body: html`<section class="confirm">
        <h1>${foreign(name)} cannot be deleted</h1>
        <p>It is not volatile: others may rely on what is on it. Make it volatile first.</p>
        ${told}
        <p class="buttons">
          <a class="button" href="${indexHref(index, '+settings')}#field-volatile">Settings</a>
          <a class="button" href="${indexHref(index)}">Keep it</a>
        </p>
      </section>`,
    };
  }
  return {
    title,
    section: 'packages',
    ...(refusal !== undefined && { status: 422 }),
    body: confirm({
      question: `Delete ${visible(name)} with all that is on it?`,
      facts: html`${told}
        <p>This cannot be undone. Lock files that name its files fail from then on.</p>`,
      action: indexHref(index, '+delete'),
      submit:
        projects === 0
          ? 'Delete the index'
          : `Delete ${formatCount(projects)} ${projects === 1 ? 'project' : 'projects'}`,
      typed: visible(name),
      keep: { label: 'Keep it', href: indexHref(index) },
      refusal,
    }),
  };
}
