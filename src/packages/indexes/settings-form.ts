import { AppError } from '#kernel/errors/app-error.ts';
import type { Field, Refusal } from '#web/components/form.ts';
import { html } from '#web/html.ts';
import type { Index, IndexType, Options, OptionValue } from '../model/index.ts';
import { optionDescriptions, type OptionDescription } from './option-descriptions.ts';
import { parseOptions } from './options.ts';
import { withoutCredentials } from './show-index.ts';

type Input = Readonly<Record<string, string>>;

/** What a form of settings asks for: values to set, and options to have no longer. */
export interface SettingsChange {
  readonly set: Options;
  readonly drop: readonly string[];
}

/** `acl_read` may be absent, which is not the same as naming nobody. */
const READERS_NAMED = 'acl_read_named';

/** A field for every option of an index; what was typed before wins. */
export function settingsFields(index: Index, input: Input | undefined): readonly Field[] {
  return describedOptions(index.type).flatMap((option) => {
    const shown = input ?? shownOptions(index);
    const field = fieldOf(option, shown);
    if (option.name !== 'acl_read') return [field];
    const everybody: Field = {
      kind: 'select',
      name: READERS_NAMED,
      label: option.label,
      value: shown[READERS_NAMED] ?? 'no',
      options: [
        { value: 'no', label: 'everybody' },
        { value: 'yes', label: 'the owner, root, and who is named here:' },
      ],
    };
    return [everybody, { ...field, label: 'Readers' } as Field];
  });
}

/** One field, with what its option does and what it is without it. */
export function fieldOf(option: OptionDescription, input: Input): Field {
  const { name, label, kind, effect, choices = [] } = option;
  const value = input[name] ?? '';
  const hint = html`${effect} <span class="default">Default: ${option.default}.</span>`;
  const shared = { name, label, hint };
  switch (kind) {
    case 'switch':
      return { ...shared, kind: 'checkbox', isChecked: value === 'yes' };
    case 'choice':
      return {
        ...shared,
        kind: 'select',
        value,
        options: choices.map((each) => ({ value: each, label: each })),
      };
    case 'number':
      return { ...shared, kind: 'number', value };
    case 'url':
      return { ...shared, kind: 'url', value };
    case 'text':
      return { ...shared, kind: 'text', value };
    default: {
      const lines = Math.min(
        8,
        Math.max(kind === 'paragraph' || kind === 'json' ? 3 : 2, value.split('\n').length),
      );
      return { ...shared, kind: 'textarea', value, rows: lines };
    }
  }
}

/** Lists stand one entry a line, JSON as JSON, and a password in an address stays on the server. */
function shownOptions(index: Index): Input {
  const shown: Record<string, string> = {
    [READERS_NAMED]: index.options['acl_read'] === undefined ? 'no' : 'yes',
  };
  for (const { name, kind } of describedOptions(index.type)) {
    const value = index.options[name];
    if (value === undefined) continue;
    if (kind === 'switch') shown[name] = value === true ? 'yes' : '';
    else if (Array.isArray(value)) shown[name] = value.join('\n');
    else if (kind === 'json') shown[name] = JSON.stringify(value, null, 2);
    else shown[name] = kind === 'url' ? withoutCredentials(String(value)) : String(value);
  }
  return shown;
}

/**
 * What the form says, as far as it differs from what was shown. An empty field takes an option away that has no default. Throws an
 * error of the field if a value cannot be right.
 */
export function readSettings(index: Index, input: Input): SettingsChange {
  const shown = shownOptions(index);
  const set: Record<string, OptionValue> = {};
  const drop: string[] = [];
  const wrong: Record<string, string> = {};
  for (const { name, kind } of describedOptions(index.type)) {
    const isNamed = name !== 'acl_read' || input[READERS_NAMED] === 'yes';
    const text = plainLines(input[name] ?? '');
    const isSet = index.options[name] !== undefined;
    if (!isNamed) {
      if (isSet) drop.push(name);
      continue;
    }
    const isNewlyNamed = name === 'acl_read' && !isSet;
    if (text === plainLines(shown[name] ?? '') && !isNewlyNamed) continue;
    const isList = kind === 'principals' || kind === 'projects' || kind === 'indexes';
    if (text === '' && !isList && kind !== 'switch') {
      if (isSet) drop.push(name);
      continue;
    }
    try {
      const value =
        kind === 'json'
          ? parseJson(text)
          : isList
            ? entriesIn(text)
            : kind === 'switch'
              ? text === 'yes'
              : text;
      Object.assign(set, parseOptions(index.type, { [name]: value }));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      wrong[name] = sentence(error.message);
    }
  }
  if (Object.keys(wrong).length > 0) throw new WrongFields({ fields: wrong });
  return { set, drop };
}

/** Mistakes in fields of a form, found before anything was asked of the index. */
export class WrongFields extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super('fields of the form are wrong');
    this.refusal = refusal;
  }
}

/** The options of a type in the order of forms, what is rare last. */
export function describedOptions(type: IndexType): readonly OptionDescription[] {
  return optionDescriptions.filter(({ types }) => types.includes(type));
}

/** Entries of a list as people write them: one a line, or with commas or spaces between them. */
export function entriesIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== '');
}

function plainLines(text: string): string {
  return text.replaceAll('\r\n', '\n').trim();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new WrongFields({ fields: { custom_data: 'This is no JSON.' } });
  }
}

function sentence(text: string): string {
  const first = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.?!]$/.test(first) ? first : `${first}.`;
}
