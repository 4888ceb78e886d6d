import type { CommandOption } from './command.ts';

export interface ProgramOption extends CommandOption {
  /** Accepted but not shown in the help. */
  readonly isHidden?: boolean;
}

/** Another program as data: Wheelhouse answers for it when it is called through a link with that name. */
export interface Program {
  readonly name: string;
  readonly summary: string;
  readonly version: string;
  /** Options may come from the environment, under this prefix and the name in capitals. */
  readonly environmentPrefix: string;
  readonly options: readonly ProgramOption[];
  /** Takes the options by camel-cased name and resolves to the exit code. */
  run(options: Readonly<Record<string, unknown>>): Promise<number>;
}
