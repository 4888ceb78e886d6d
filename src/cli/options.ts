import type { Argument, Option } from './command.ts';

export function required(summary: string): Argument<'required'> {
  return { kind: 'required', summary };
}

export function optional(summary: string): Argument<'optional'> {
  return { kind: 'optional', summary };
}

/** One or more; the last argument of a command. */
export function several(summary: string): Argument<'several'> {
  return { kind: 'several', summary };
}

/** None, one or more; the last argument of a command. */
export function any(summary: string): Argument<'any'> {
  return { kind: 'any', summary };
}

/** True when it is given. */
export function flag(summary: string): Option<'flag'> {
  return { kind: 'flag', summary };
}

/** True unless it is given, with `no-` before its name. */
export function negation(summary: string): Option<'negation'> {
  return { kind: 'negation', summary };
}

/** A value; the help calls it `value`. */
export function text(value: string, summary: string): Option<'text'> {
  return { kind: 'text', summary, value };
}

/** A value that may be given several times. */
export function texts(value: string, summary: string): Option<'texts'> {
  return { kind: 'texts', summary: `${summary}; may be given several times.`, value };
}

/** Data for programs instead of text for people; every command has it that lists or shows. */
export const jsonOption = flag('Print JSON.');

/** Names the index; taken by every command that is about one. */
export const indexOption = text(
  'index',
  'The index, as USER/INDEX, INDEX of your own, or URL; default is the one in use.',
);

/** Every command has it that asks for a confirmation. */
export const yesOption: Option<'flag'> = { ...flag('Answer yes to every question.'), short: 'y' };

/** Every command has it that changes something on a server. */
export const dryRunOption = flag('Only say what would be done.');

/** Names the configuration file; every command that reads settings has it. */
const configOption: Option<'text'> = {
  ...text('file', 'Configuration file; default is wheelhouse.yml in the server directory.'),
  short: 'c',
};

/** As the help shows it: `-c, --config <file>`, `--no-checksum`. */
export function spellingOfOption(name: string, { kind, value, short }: Option): string {
  const long = `--${kind === 'negation' ? 'no-' : ''}${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return `${short === undefined ? '' : `-${short}, `}${long}${value === undefined ? '' : ` <${value}>`}`;
}

/** As the help shows it: `<index>`, `[file]`, `<files...>`, `[files...]`. */
export function spellingOfArgument(name: string, { kind }: Argument): string {
  if (kind === 'optional') return `[${name}]`;
  if (kind === 'any') return `[${name}...]`;
  return kind === 'several' ? `<${name}...>` : `<${name}>`;
}

/** The options of a command as its help lists them, after the settings. */
export function allOptions({
  settings,
  options,
}: {
  readonly settings?: readonly string[];
  readonly options: Readonly<Record<string, Option>>;
}): readonly (readonly [name: string, option: Option])[] {
  return Object.entries({ ...(settings !== undefined && { config: configOption }), ...options });
}
