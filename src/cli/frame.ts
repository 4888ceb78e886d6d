import { styleText } from 'node:util';
import type * as Commander from 'commander';
import type { Command, CommandInput } from './command.ts';
import { commands, type Entry } from './commands.ts';
import { commandsAfter, renderOverview } from './overview.ts';
import { allOptions, spellingOfArgument, spellingOfOption } from './options.ts';
import type { Program, ProgramOption } from './program.ts';
import { WHEELHOUSE_VERSION } from '#kernel/version.ts';

/** The library that reads arguments, which only this file knows. */
type Library = typeof Commander;

/** What shells report of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * Runs a command line and resolves to the exit code; errors are printed with their hint. The launcher puts
 * `--called-as NAME` first when it was called through a link with another name.
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  try {
    if (argv[0] !== '--called-as') return await runCommand(argv);
    const { programs } = await import('./programs.ts');
    const [, name, ...rest] = argv;
    if (name === 'devpi')
      return await runCommand(await (await import('./programs/devpi.ts')).toCommandLine(rest));
    const program = programs.find((each) => each.name === name);
    if (program === undefined) return await runCommand(rest);
    return await runProgram(await program.load(), rest);
  } catch (error) {
    if (isUsageError(error)) return error.exitCode === 0 ? 0 : 1;
    if (isInterruption(error)) {
      process.stderr.write('\n');
      return INTERRUPTED;
    }
    const { printError } = await import('./print-error.ts');
    return printError(error);
  }
}

/** The library has printed it. */
function isUsageError(error: unknown): error is Commander.CommanderError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}

/** Ctrl-C or Ctrl-D at a question; everywhere else Ctrl-C is a signal. */
function isInterruption(error: unknown): boolean {
  return (
    error instanceof Error && error.name === 'AbortError' && error.message.startsWith('Aborted with Ctrl')
  );
}

async function runCommand(given: readonly string[]): Promise<number> {
  const argv = given[0] === 'help' ? [...given.slice(1), '--help'] : given;
  const [first] = argv;
  if (first === undefined || first === '--help' || first === '-h') {
    process.stdout.write(renderOverview());
    return 0;
  }
  if (first === '--version' || first === '-V') {
    process.stdout.write(`${WHEELHOUSE_VERSION}\n`);
    return 0;
  }
  // The longest: `backup verify` is no backup of a server into a directory of that name.
  const [called] = commands
    .filter(({ name }) => name.split(' ').every((word, index) => argv[index] === word))
    .toSorted((one, two) => two.name.length - one.name.length);
  return called === undefined ? await refuse(argv) : await runEntry(called, argv);
}

/** What calls no command: a group alone shows its help, and the rest is refused. */
async function refuse(argv: readonly string[]): Promise<number> {
  const known = argv.findIndex((_word, at) => commandsAfter(argv.slice(0, at + 1)).size === 0);
  const group = argv.slice(0, known < 0 ? argv.length : known);
  const word = argv[group.length];
  if (word === undefined || (group.length > 0 && (word === '--help' || word === '-h'))) {
    (word === undefined ? process.stderr : process.stdout).write(renderOverview(group));
    return word === undefined ? 1 : 0;
  }
  const { nearest } = await import('./nearest.ts');
  const { printable } = await import('./printable.ts');
  const before = ['wheelhouse', ...group].join(' ');
  const isOption = word.startsWith('-');
  const candidates = isOption ? ['--help', '--version'] : [...commandsAfter(group).keys()];
  const meant = nearest(word, candidates);
  printUsageError(`unknown ${isOption ? 'option' : 'command'} '${printable(word)}'`, [
    ...(meant === undefined ? [] : [`did you mean \`${before} ${meant}\`?`]),
    `${before} --help lists the commands`,
  ]);
  return 1;
}

async function runEntry({ name, load }: Entry, argv: readonly string[]): Promise<number> {
  const [library, { command }] = await Promise.all([import('commander'), load()]);
  const parser = new library.Command(`wheelhouse ${name}`)
    .helpOption('-h, --help', 'Show help')
    .configureOutput({
      outputError: (text) => printParserError(text, `wheelhouse ${name} --help shows what it takes`),
    })
    .allowExcessArguments(false)
    .exitOverride();
  const readInput = await declare(parser, command, library);
  parser.parse(argv.slice(name.split(' ').length), { from: 'user' });
  return await command.run(readInput());
}

async function declare(
  parser: Commander.Command,
  command: Command,
  library: Library,
): Promise<() => CommandInput> {
  parser.description(`${command.summary}.`);
  const readConfig = await declareSettings(parser, command);
  for (const [name, argument] of Object.entries(command.args)) {
    const declared = new library.Argument(spellingOfArgument(name, argument), argument.summary);
    parser.addArgument(argument.values === undefined ? declared : declared.choices(argument.values));
  }
  for (const [name, option] of allOptions(command)) {
    const flags = spellingOfOption(name, option);
    const isRepeatable = option.kind === 'texts';
    parser.addOption(toParserOption(library, { flags, summary: option.summary, isRepeatable }));
  }
  parser.addHelpText(
    'after',
    `\nExamples:\n${command.examples.map((example) => `  $ ${example}\n`).join('')}`,
  );
  return () => readInput(parser, command, readConfig);
}

/** Returns what reads the configuration. The settings of all parts take long to load: only commands that have some do it. */
async function declareSettings(
  parser: Commander.Command,
  { settings }: Command,
): Promise<CommandInput['config']> {
  if (settings === undefined) {
    return () => {
      throw new Error('the command declares no settings');
    };
  }
  const { acceptedSettings, readFullConfig } = await import('./configuration.ts');
  for (const { name, sentence, ...setting } of acceptedSettings(settings)) {
    // What is on unless somebody says so can only be said with a value.
    const value = setting.default === true ? 'yes|no' : name.split('-').at(-1);
    parser.option(setting.default === false ? `--${name}` : `--${name} <${value}>`, sentence);
  }
  return () => {
    const given = parser.opts<Record<string, string>>();
    const flags = Object.fromEntries(settings.map((name) => [name, given[camelCase(name)]]));
    return readFullConfig(flags, given['config']);
  };
}

function readInput(
  parser: Commander.Command,
  { args, options }: Command,
  config: CommandInput['config'],
): CommandInput {
  const given = parser.opts<Record<string, never>>();
  const positional = Object.entries(args).map(([name, { kind }], position) => [
    name,
    parser.processedArgs[position] ?? (kind === 'any' ? [] : undefined),
  ]);
  const named = Object.entries(options).map(([name, { kind }]) => [name, given[name] ?? absent[kind]]);
  return {
    args: Object.fromEntries(positional) as CommandInput['args'],
    options: Object.fromEntries(named) as CommandInput['options'],
    config,
  };
}

/** What an option is that was not given. */
const absent = { flag: false, negation: true, text: undefined, texts: [] } as const;

async function runProgram(program: Program, argv: readonly string[]): Promise<number> {
  const library = await import('commander');
  const parser = new library.Command(program.name)
    .description(program.summary)
    .version(program.version, '--version', 'Print the version of devpi-server whose interface is served')
    .helpOption('-h, --help', 'Show help')
    .configureOutput({
      outputError: (text) => printParserError(text, `${program.name} --help lists the options`),
    })
    .allowExcessArguments(false)
    .exitOverride();
  for (const declared of program.options) {
    const option = toParserOption(library, declared).hideHelp(declared.isHidden === true);
    if (!option.negate) option.env(environmentVariable(program, option.name()));
    parser.addOption(option);
  }
  if (program.argument !== undefined) parser.argument(program.argument.spelling, program.argument.summary);
  parser.parse(argv, { from: 'user' });
  return await program.run(parser.opts(), parser.args[0] ?? '');
}

function toParserOption(
  { Option }: Library,
  { flags, summary, isRepeatable }: ProgramOption,
): Commander.Option {
  const option = new Option(flags, summary);
  if (isRepeatable === true) option.argParser<string[]>((value, earlier = []) => [...earlier, value]);
  return option;
}

function environmentVariable({ environmentPrefix }: Program, option: string): string {
  return environmentPrefix + option.replaceAll('-', '_').toUpperCase();
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());
}

/** The library says below the error what was probably meant; here that is a hint. */
function printParserError(text: string, help: string): void {
  const [, detail = '', meant] =
    /^(?:error: )?([^]*?)(?:\n\(Did you mean (?:one of )?(.+)\?\))?\s*$/.exec(text) ?? [];
  printUsageError(detail, [...(meant === undefined ? [] : [`did you mean ${meant}?`]), help]);
}

function printUsageError(detail: string, hints: readonly string[]): void {
  process.stderr.write(
    `${styleText('red', 'error:', { stream: process.stderr })} ${detail}\nhint: ${hints.join(' ')}\n`,
  );
}
