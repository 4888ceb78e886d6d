import { styleText } from 'node:util';
import { Command as Parser, CommanderError, Option as ParserOption } from 'commander';
import type { Command, CommandInput } from './command.ts';
import { commands, groups } from './commands.ts';
import { allOptions, spellingOfArgument, spellingOfOption } from './options.ts';
import type { Program, ProgramOption } from './program.ts';
import { WHEELHOUSE_VERSION } from '#kernel/version.ts';

/**
 * Runs a command line and resolves to the exit code; errors are printed with their hint. The launcher puts
 * `--called-as NAME` first when it was called through a link with another name.
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  try {
    if (argv[0] !== '--called-as') return await parse(argv);
    const { programs } = await import('./programs.ts');
    const [, name, ...rest] = argv;
    const program = programs.find((each) => each.name === name);
    if (program === undefined) return await parse(rest);
    return await parseProgram(await program.load(), rest);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    const { printError } = await import('./print-error.ts');
    return printError(error);
  }
}

async function parse(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Parser('wheelhouse')
    .description('Takes Python from source to production on machines you own.')
    .version(WHEELHOUSE_VERSION, '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Show help')
    .helpCommand(false)
    .configureOutput({ outputError: printUsageError })
    .exitOverride();
  const called = commands.find(({ name }) => name.split(' ').every((word, index) => argv[index] === word));
  for (const entry of commands) {
    const child = commandAt(program, entry.name).summary(entry.summary).exitOverride();
    if (entry !== called) continue;
    const { command } = await entry.load();
    const input = await declare(child, command);
    child.action(async () => {
      exitCode = await command.run(input());
    });
  }
  if (argv.length === 0) {
    program.outputHelp();
    return 0;
  }
  await program.parseAsync(argv, { from: 'user' });
  return exitCode;
}

function commandAt(program: Parser, name: string): Parser {
  return name.split(' ').reduce((parent, word) => {
    const existing = parent.commands.find((child) => child.name() === word);
    if (existing !== undefined) return existing;
    const added = parent.command(word).summary(groups[word] ?? '');
    return added.exitOverride().helpOption('-h, --help', 'Show help').helpCommand(false);
  }, program);
}

async function declare(parser: Parser, command: Command): Promise<() => CommandInput> {
  parser.description(`${command.summary}.`);
  const { settings = [] } = command;
  const { acceptedSettings, readFullConfig } = await import('./configuration.ts');
  for (const { name, sentence, ...setting } of acceptedSettings(settings)) {
    // What is on unless somebody says so can only be said with a value.
    const value = setting.default === true ? 'yes|no' : name.split('-').at(-1);
    parser.option(setting.default === false ? `--${name}` : `--${name} <${value}>`, sentence);
  }
  for (const [name, argument] of Object.entries(command.args)) {
    parser.argument(spellingOfArgument(name, argument), argument.summary);
  }
  for (const [name, option] of allOptions(command)) {
    const flags = spellingOfOption(name, option);
    parser.addOption(
      toParserOption({ flags, summary: option.summary, isRepeatable: option.kind === 'texts' }),
    );
  }
  parser.addHelpText(
    'after',
    `\nExamples:\n${command.examples.map((example) => `  $ ${example}\n`).join('')}`,
  );
  return () =>
    readInput(parser, command, () => {
      const given = parser.opts<Record<string, string>>();
      return readFullConfig(
        Object.fromEntries(settings.map((name) => [name, given[camelCase(name)]])),
        given['config'],
      );
    });
}

function readInput(parser: Parser, { args, options }: Command, config: CommandInput['config']): CommandInput {
  const given = parser.opts<Record<string, never>>();
  const positional = Object.keys(args).map((name, position) => [name, parser.processedArgs[position]]);
  const named = Object.entries(options).map(([name, { kind }]) => [name, given[name] ?? absent[kind]]);
  return {
    args: Object.fromEntries(positional) as CommandInput['args'],
    options: Object.fromEntries(named) as CommandInput['options'],
    config,
  };
}

/** What an option is that was not given. */
const absent = { flag: false, negation: true, text: undefined, texts: [] } as const;

async function parseProgram(program: Program, argv: readonly string[]): Promise<number> {
  const parser = new Parser(program.name)
    .description(program.summary)
    .version(program.version, '--version', 'Print the version of devpi-server whose interface is served')
    .helpOption('-h, --help', 'Show help')
    .configureOutput({
      outputError: (text, write) => printUsageError(text, write, `${program.name} --help lists the options`),
    })
    .allowExcessArguments(false)
    .exitOverride();
  for (const declared of program.options) {
    const option = toParserOption(declared).hideHelp(declared.isHidden === true);
    if (!option.negate) option.env(environmentVariable(program, option.name()));
    parser.addOption(option);
  }
  parser.parse(argv, { from: 'user' });
  return await program.run(parser.opts());
}

function toParserOption({ flags, summary, isRepeatable }: ProgramOption): ParserOption {
  const option = new ParserOption(flags, summary);
  if (isRepeatable === true) option.argParser<string[]>((value, earlier = []) => [...earlier, value]);
  return option;
}

function environmentVariable({ environmentPrefix }: Program, option: string): string {
  return environmentPrefix + option.replaceAll('-', '_').toUpperCase();
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());
}

function printUsageError(
  text: string,
  write: (text: string) => void,
  hint = 'wheelhouse --help lists the commands',
): void {
  const detail = text.replace(/^error: /, '').trim();
  write(`${styleText('red', 'error:', { stream: process.stderr })} ${detail}\nhint: ${hint}\n`);
}
