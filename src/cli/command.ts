import type { Setting } from '#kernel/config/setting.ts';

/** One option of a command beside the settings it takes. */
export interface CommandOption {
  /** As the argument library reads it: `--checksum`, `-c, --config <file>`. */
  readonly flags: string;
  readonly summary: string;
  /** May be given several times; the value is then a list. */
  readonly isRepeatable?: boolean;
}

/** One positional argument, in order. */
export interface CommandArgument {
  /** `<index>`, `[file]` or `<files...>`. */
  readonly name: string;
  readonly summary: string;
}

export interface CommandInput {
  /** Values of the positional arguments, in order; an array for the last one if it may repeat. */
  readonly args: readonly (string | readonly string[] | undefined)[];
  /** Values of the settings that were given as flags, by setting name. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Values of the command's own options, by camel-cased name. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A command as data; only frame.ts knows the library that reads arguments. */
export interface Command {
  readonly summary: string;
  /** Names of settings that the command accepts as flags. */
  readonly settings: readonly Setting['name'][];
  readonly options: readonly CommandOption[];
  readonly args?: readonly CommandArgument[];
  readonly examples: readonly string[];
  /** Resolves to the exit code: 0, 1 for the user's mistake, 2 for ours. */
  run(input: CommandInput): Promise<number>;
}
