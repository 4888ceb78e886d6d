import { html, type Html } from '../html.ts';
import { form, type Field, type Refusal } from './form.ts';

export interface ConfirmOptions {
  /** `Remove demo 1.4.1 from alice/prod?` */
  readonly question: string;
  /** What will be lost, in numbers, and what it means for others. */
  readonly facts: Html;
  readonly action: string;
  /** The words on the button: `Remove 4 files`. */
  readonly submit: string;
  /** What must be typed, where it cannot be undone. */
  readonly typed?: string;
  /** A harmless way to the same end. */
  readonly instead?: { readonly label: string; readonly href: string };
  readonly keep: { readonly label: string; readonly href: string };
  /** What else must be given, such as the own password. */
  readonly fields?: readonly Field[];
  readonly refusal?: Refusal | undefined;
}

/** Asks before something is lost: states the facts, and has what cannot be undone typed. */
export function confirm(options: ConfirmOptions): Html {
  const { question, facts, action, submit, typed, instead, keep, fields = [], refusal } = options;
  return html`<section class="confirm">
    <h1>${question}</h1>
    <div class="facts">${facts}</div>
    ${form({
      action,
      fields: [...(typed === undefined ? [] : [typedField(typed)]), ...fields],
      submit,
      tone: 'bad',
      cancel: keep,
      refusal,
    })}
    ${instead !== undefined && html`<p class="instead">Or: <a href="${instead.href}">${instead.label}</a></p>`}
  </section>`;
}

function typedField(typed: string): Field {
  const label = `Type ${typed} to go on`;
  return { kind: 'text', name: 'typed', label, isRequired: true, autocomplete: 'off' };
}
