import { acceptedSettings } from '../configuration.ts';
import { commands } from '../commands.ts';
import { allOptions, spellingOfOption } from '../options.ts';
import { commandsAfter } from '../overview.ts';

export interface CompletedOption {
  /** With its hyphens. */
  readonly long: string;
  readonly short?: string;
  readonly summary: string;
  readonly takesValue: boolean;
}

/** What can follow the words of a command or a group. */
export interface CompletedPlace {
  /** The words after `wheelhouse`; none at the start. */
  readonly words: string;
  /** Words that can follow, with what they are for: commands, or the values of an argument. */
  readonly next: readonly (readonly [word: string, summary: string])[];
  readonly options: readonly CompletedOption[];
  /** What follows may be the name of a file. */
  readonly takesFiles: boolean;
}

const HELP: CompletedOption = { long: '--help', short: '-h', summary: 'Show help', takesValue: false };
const VERSION: CompletedOption = {
  long: '--version',
  short: '-V',
  summary: 'Print the version',
  takesValue: false,
};

/** Every place of a command line where something can be completed, as the commands declare themselves. */
export async function completedPlaces(): Promise<readonly CompletedPlace[]> {
  const names = commands.map(({ name }) => name);
  const groups = new Set(names.flatMap((name) => (name.includes(' ') ? [name.split(' ')[0] ?? ''] : [])));
  const outer = ['', ...groups].map((words) => ({
    words,
    next: [...commandsAfter(words === '' ? [] : [words])],
    options: words === '' ? [HELP, VERSION] : [HELP],
    takesFiles: false,
  }));
  return [
    ...outer,
    ...(await Promise.all(commands.map(async ({ name, load }) => placeOf(name, await load())))),
  ];
}

function placeOf(
  words: string,
  { command }: Awaited<ReturnType<(typeof commands)[number]['load']>>,
): CompletedPlace {
  const settings = acceptedSettings(command.settings ?? []).map(({ name, sentence, ...setting }) => ({
    long: `--${name}`,
    summary: sentence,
    takesValue: setting.default !== false,
  }));
  const own = allOptions(command).map(([name, option]) => {
    const [long = ''] = /--[a-z-]+/.exec(spellingOfOption(name, option)) ?? [];
    return {
      long,
      ...(option.short !== undefined && { short: `-${option.short}` }),
      summary: option.summary,
      takesValue: option.kind === 'text' || option.kind === 'texts',
    };
  });
  const values = Object.values(command.args).flatMap(({ values: each = [] }) => each);
  return {
    words,
    next: values.map((value) => [value, ''] as const),
    options: [...settings, ...own, HELP],
    takesFiles: values.length === 0 && Object.keys(command.args).length > 0,
  };
}
