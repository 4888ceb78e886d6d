import type { FullConfig, SettingName } from '../parts.ts';

/** A positional argument; its key in `args` is the name that the help shows. */
export interface Argument<
  Kind extends 'required' | 'optional' | 'several' | 'any' = 'required' | 'optional' | 'several' | 'any',
> {
  readonly kind: Kind;
  readonly summary: string;
  /** All that it may be. */
  readonly values?: readonly string[];
}

/** An option of a command; its key in `options` is the name of the flag, in camel case. */
export interface Option<
  Kind extends 'flag' | 'negation' | 'text' | 'texts' = 'flag' | 'negation' | 'text' | 'texts',
> {
  readonly kind: Kind;
  readonly summary: string;
  /** What the help calls the value. */
  readonly value?: string;
  /** One letter. */
  readonly short?: string;
}

/** Every positional argument, in order. */
export type Arguments = Readonly<Record<string, Argument>>;
export type Options = Readonly<Record<string, Option>>;

interface ArgumentValues {
  readonly required: string;
  readonly optional: string | undefined;
  readonly several: readonly string[];
  readonly any: readonly string[];
}

interface OptionValues {
  readonly flag: boolean;
  readonly negation: boolean;
  readonly text: string | undefined;
  readonly texts: readonly string[];
}

export type ArgumentsOf<Args extends Arguments> = {
  readonly [Name in keyof Args]: ArgumentValues[Args[Name]['kind']];
};

export type OptionsOf<Opts extends Options> = {
  readonly [Name in keyof Opts]: OptionValues[Opts[Name]['kind']];
};

/** What a command line says, read as the command declares it. */
export interface CommandInput<Args extends Arguments = Arguments, Opts extends Options = Options> {
  readonly args: ArgumentsOf<Args>;
  readonly options: OptionsOf<Opts>;
  /** The whole configuration, with the flags of this command line; throws `kernel.bad-configuration`. */
  config(): FullConfig;
}

/** A command as data; only frame.ts knows the library that reads arguments. */
export interface Command {
  readonly summary: string;
  /** The settings that it takes as flags. One that reads settings also takes `--config`. */
  readonly settings?: readonly SettingName[];
  readonly args: Arguments;
  readonly options: Options;
  readonly examples: readonly string[];
  /** Resolves to the exit code: 0, or 1 for what the caller can mend. */
  run(input: CommandInput): Promise<number>;
}

interface Declaration<Args extends Arguments, Opts extends Options> extends Omit<
  Command,
  'args' | 'options' | 'run'
> {
  readonly args?: Args;
  readonly options?: Opts;
  run(input: CommandInput<Args, Opts>): Promise<number>;
}

/** Declares a command: `run` gets what `args` and `options` declare, typed. */
export function defineCommand<const Args extends Arguments = {}, const Opts extends Options = {}>(
  declaration: Declaration<Args, Opts>,
): Command {
  // The frame reads the values as these very declarations say.
  return { args: {}, options: {}, ...declaration } as unknown as Command;
}
