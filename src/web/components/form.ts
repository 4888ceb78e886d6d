import { html, visible, type Html, type HtmlValue } from '../html.ts';

interface FieldBase {
  /** The name under which it is sent. */
  readonly name: string;
  readonly label: string;
  /** What it does, and what is meant by leaving it empty. */
  readonly hint?: HtmlValue;
  readonly isRequired?: boolean;
}

export type Field =
  | (FieldBase & {
      readonly kind: 'text' | 'password' | 'email' | 'number' | 'url' | 'search';
      readonly value?: string;
      /** As HTML names it: `username`, `current-password`, `new-password`, `off`. */
      readonly autocomplete?: string;
      readonly placeholder?: string;
    })
  | (FieldBase & { readonly kind: 'textarea'; readonly value?: string; readonly rows?: number })
  | (FieldBase & { readonly kind: 'checkbox'; readonly isChecked?: boolean; readonly value?: string })
  | (FieldBase & {
      readonly kind: 'select';
      readonly value?: string;
      readonly options: readonly { readonly value: string; readonly label: string }[];
    })
  | (FieldBase & { readonly kind: 'file'; readonly accept?: string; readonly isMultiple?: boolean })
  | { readonly kind: 'hidden'; readonly name: string; readonly value: string };

/** Why a form was refused: one sentence for all of it, or one for each field. */
export interface Refusal {
  readonly message?: string;
  readonly hint?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

export interface FormOptions {
  readonly action: string;
  readonly fields: readonly Field[];
  /** The words on the button: what will be done. */
  readonly submit: string;
  readonly tone?: 'primary' | 'bad';
  /** Where the harmless way out leads. */
  readonly cancel?: { readonly label: string; readonly href: string };
  readonly refusal?: Refusal | undefined;
  /** For a form that brings a file. */
  readonly isMultipart?: boolean;
  /** Between the fields and the buttons. */
  readonly note?: Html;
}

/** A form that posts to `action`; after a refusal it says why, at the fields where it is known, and keeps the input. */
export function form(options: FormOptions): Html {
  const { action, fields, submit, tone = 'primary', cancel, refusal, isMultipart, note } = options;
  return html`<form
    class="form"
    method="post"
    action="${action}"
    ${isMultipart === true && html` enctype="multipart/form-data"`}
  >
    ${refusal !== undefined && refusalNote(refusal)}
    ${fields.map((field) => renderField(field, refusal?.fields?.[field.name]))} ${note}
    <div class="buttons">
      <button class="button ${tone}">${submit}</button>${
        cancel !== undefined && html` <a class="button" href="${cancel.href}">${cancel.label}</a>`
      }
    </div>
  </form>`;
}

/** The sentence above a form that was refused; scripts move the focus here. */
export function refusalNote({ message, hint, fields = {} }: Refusal): Html {
  const count = Object.keys(fields).length;
  const sentence =
    message ?? (count === 1 ? 'One field needs another value.' : `${count} fields need other values.`);
  return html`<div class="note bad" role="alert" tabindex="-1" data-focus>
    <p><strong>${visible(sentence)}</strong></p>
    ${hint !== undefined && html`<p>${visible(hint)}</p>`}
  </div>`;
}

/** One field with its label, what it does, and what is wrong with it. */
export function renderField(field: Field, error?: string): Html {
  if (field.kind === 'hidden')
    return html`<input type="hidden" name="${field.name}" value="${field.value}" />`;
  const id = `field-${field.name}`;
  const described = [
    field.hint === undefined ? '' : `${id}-hint`,
    error === undefined ? '' : `${id}-error`,
  ].filter(Boolean);
  const shared = html` id="${id}"
  name="${field.name}"${field.isRequired === true && html` required`}${
    described.length > 0 && html` aria-describedby="${described.join(' ')}"`
  }${error !== undefined && html` aria-invalid="true"`}`;
  const hint = field.hint !== undefined && html`<p class="hint" id="${id}-hint">${field.hint}</p>`;
  const wrong = error !== undefined && html`<p class="error" id="${id}-error">${visible(error)}</p>`;
  if (field.kind === 'checkbox') {
    return html`<div class="field check">
      <label for="${id}"
        ><input
          type="checkbox"
          ${shared}
          value="${field.value ?? 'yes'}"
          ${field.isChecked === true && html` checked`}
        />
        ${field.label}</label
      >${hint}${wrong}
    </div>`;
  }
  return html`<div class="field">
    <label for="${id}">${field.label}</label>${control(field, shared)}${hint}${wrong}
  </div>`;
}

function control(field: Exclude<Field, { readonly kind: 'hidden' | 'checkbox' }>, shared: Html): Html {
  switch (field.kind) {
    case 'textarea':
      return html`<textarea${shared} rows="${field.rows ?? 4}">${field.value ?? ''}</textarea>`;
    case 'select':
      return html`<select${shared}>${field.options.map(
        ({ value, label }) =>
          html`<option value="${value}" ${value === field.value && html` selected`}>${label}</option>`,
      )}</select>`;
    case 'file':
      return html`<input
        type="file"
        ${shared}${field.accept !== undefined && html` accept="${field.accept}"`}${
          field.isMultiple === true && html` multiple`
        }
      />`;
    default:
      return html`<input
        type="${field.kind}"
        ${shared}${
          field.kind !== 'password' && field.value !== undefined && html` value="${field.value}"`
        }${field.autocomplete !== undefined && html` autocomplete="${field.autocomplete}"`}${
          field.placeholder !== undefined && html` placeholder="${field.placeholder}"`
        }${field.kind === 'text' && html` spellcheck="false" autocapitalize="none"`}
      />`;
  }
}

/** One button that posts, for what needs no fields and can be taken back. */
export function postButton(
  action: string,
  label: HtmlValue,
  values: Readonly<Record<string, string>> = {},
  tone = '',
): Html {
  return html`<form class="inline" method="post" action="${action}">
    ${Object.entries(values).map(
      ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
    )}<button class="button ${tone}">${label}</button>
  </form>`;
}
