import { expect } from 'vitest';
import type { Shell } from '#test/shell.ts';
import type { Document, ShownCommand } from './read-document.ts';

/** What a document has, what stands for it on this machine, and why. */
export type Substitution = readonly [shown: string, here: string, reason: string];

/** What is different today about a command, which is named as the document has it. */
export type Difference = {
  readonly command: string;
  readonly reason: string;
  /** If it is so with one client only. */
  readonly client?: Client;
} & (
  | { readonly isLeft: true }
  | { readonly typed: string }
  | { readonly exitCode: number }
  /** Lines that are printed in the place of lines that the document shows, of none: at the end. */
  | { readonly shown: readonly string[]; readonly printed: readonly string[] }
);

export const clients = ['devpi-client', 'our client under its name'] as const;
export type Client = (typeof clients)[number];

export interface FollowOptions {
  readonly client?: Client;
  /** What is done and looked at after a command. */
  readonly after?: Readonly<Record<string, () => Promise<void>>>;
}

/**
 * Types the commands of a document, as they stand in its text, and compares exit codes and all lines that are printed. Only what
 * is listed may be different.
 */
export class Replay {
  readonly #document: Document;
  readonly #substitutions: readonly Substitution[];
  readonly #differences: readonly Difference[];
  readonly #met = new Set<unknown>();

  constructor(
    document: Document,
    substitutions: readonly Substitution[],
    differences: readonly Difference[],
  ) {
    this.#document = document;
    this.#substitutions = substitutions;
    this.#differences = differences;
  }

  /** Types what stands below these titles, up to the next title each. */
  async follow(shell: Shell, titles: readonly string[], options: FollowOptions = {}): Promise<void> {
    for (const title of titles) {
      const section = this.#document.sections.find((each) => each.title === title);
      if (section === undefined) throw new Error(`the document has no title ${title}`);
      for (const command of section.commands) {
        await this.#type(shell, command, options.client);
        await options.after?.[command.text]?.();
      }
    }
  }

  /** Types a command that stands in a sentence of the document. */
  async followSentence(shell: Shell, text: string, client?: Client): Promise<void> {
    expect(this.#document.text).toContain(`\`\`${text}\`\``);
    await this.#type(shell, { line: 0, text, prints: undefined }, client);
  }

  /** What the document says, as it is on this machine. */
  here(text: string): string {
    let here = text;
    for (const substitution of this.#substitutions) {
      const [shown, ours] = substitution;
      if (here.includes(shown)) this.#met.add(substitution);
      here = here.replaceAll(shown, ours);
    }
    return here;
  }

  /** Commands that were not typed, and what is listed and was not met. */
  leftOver(): string[] {
    const isLeftOver = (each: unknown) => !this.#met.has(each);
    const commands = this.#document.sections.flatMap((section) => section.commands);
    return [
      ...commands.filter(isLeftOver).map(({ line, text }) => `line ${line}: ${text}`),
      ...this.#substitutions.filter(isLeftOver).map(([shown]) => `never met: ${shown}`),
      ...this.#differences
        .filter(isLeftOver)
        .map(({ command, reason }) => `never met: ${command}: ${reason}`),
    ];
  }

  async #type(shell: Shell, command: ShownCommand, client: Client | undefined): Promise<void> {
    this.#met.add(command);
    let typed = command.text;
    let exitCode = 0;
    let prints = command.prints;
    for (const difference of this.#differencesOf(command, client)) {
      if ('isLeft' in difference) return;
      if ('typed' in difference) typed = difference.typed;
      else if ('exitCode' in difference) exitCode = difference.exitCode;
      else prints = replaceLines(prints ?? [], difference.shown, difference.printed);
    }
    const result = await shell.type(this.here(typed));
    const said = `line ${command.line}: ${typed}\n${result.stdout}\n${result.stderr}`;
    expect(result.exitCode, said).toBe(exitCode);
    if (prints === undefined) return;
    // pip warns there of what the machine has configured.
    const printed = typed.startsWith('pip ') ? result.stdout : result.stdout + result.stderr;
    expect.soft(linesOf(printed), said).toEqual(prints.map((line) => this.here(line)));
  }

  #differencesOf({ text }: ShownCommand, client: Client | undefined): Difference[] {
    const found = this.#differences.filter(
      (each) => each.command === text && (each.client === undefined || each.client === client),
    );
    for (const each of found) this.#met.add(each);
    return found;
  }
}

function linesOf(text: string): string[] {
  return text === ''
    ? []
    : text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => line.trimEnd());
}

function replaceLines(
  lines: readonly string[],
  shown: readonly string[],
  printed: readonly string[],
): readonly string[] {
  const fits = (at: number) => shown.every((line, offset) => lines[at + offset] === line);
  const places = shown.length === 0 ? [lines.length] : lines.keys().filter(fits).toArray();
  expect(places, `${shown.join('\n')}\nstands once among\n${lines.join('\n')}`).toHaveLength(1);
  const [at = 0] = places;
  return [...lines.slice(0, at), ...printed, ...lines.slice(at + shown.length)];
}
