/** One option of another program. */
export interface ProgramOption {
  /** As the argument library reads it: `--serverdir <directory>`, `-c, --configfile <file>`. */
  readonly flags: string;
  readonly summary: string;
  /** May be given several times; the value is then a list. */
  readonly isRepeatable?: boolean;
  /** Accepted but not shown in the help. */
  readonly isHidden?: boolean;
}

/** What an option was given as: a flag is true, or false if its name begins with `no-`. */
export type ProgramValue = string | boolean | readonly string[];

/** Another program as data: Wheelhouse answers for it when it is called through a link with that name. */
export interface Program {
  readonly name: string;
  readonly summary: string;
  readonly version: string;
  /** Options may come from the environment, under this prefix and the name in capitals. */
  readonly environmentPrefix: string;
  readonly options: readonly ProgramOption[];
  /** What stands after the options, if anything: `<directory>`. */
  readonly argument?: { readonly spelling: string; readonly summary: string };
  /** Takes the options by camel-cased name, and the argument, and resolves to the exit code. */
  run(options: Readonly<Record<string, ProgramValue | undefined>>, argument: string): Promise<number>;
}
