import { printable } from './printable.ts';

/** Prints a command before it runs, with what is worth knowing of its environment, as devpi-client does. */
export function sayCommand(
  [program, ...args]: readonly [string, ...string[]],
  variables: Readonly<Record<string, string>> = {},
  directory = process.cwd(),
): void {
  const name = program.startsWith(`${directory}/`) ? program.slice(directory.length + 1) : program;
  const set = Object.entries(variables).map(([key, value]) => `${key}='${value}'`);
  const tail = set.length === 0 ? '' : ` [${set.join(',')}]`;
  process.stdout.write(`${printable(`--> ${directory}$ ${[name, ...args].join(' ')}${tail}`)}\n`);
}
