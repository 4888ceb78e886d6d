import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine, waitForQuiet } from './machine.ts';
import type { CommonOptions } from './options.ts';
import { readUsage } from './process-usage.ts';
import type { Server } from './server.ts';
import { formatNumber } from './statistics.ts';
import { renderMarkdown, renderText, type Table } from './table.ts';

/** A directory that is gone when the program ends, however it ends. */
export async function makeWorkDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'wheelhouse-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  return directory;
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

const quietLimitMs = 5000;

/** Waits a little for the machine to be quiet; false if it is not. */
export async function waitForTurn({ isPatient }: CommonOptions): Promise<boolean> {
  return !isPatient || (await waitForQuiet(quietLimitMs));
}

/** Takes samples of several targets in turns: A B C, A B C, ... and throws the first round away. */
export async function takeTurns<Target extends { readonly server: Server }, Sample>(
  targets: readonly Target[],
  options: CommonOptions,
  measure: (target: Target) => Promise<Sample>,
): Promise<Turns<Target, Sample>> {
  const samples = new Map<Target, Sample[]>(targets.map((target) => [target, []]));
  let disturbed = 0;
  for (let round = 0; round <= options.rounds; round++) {
    for (const target of targets) {
      if (!(await waitForTurn(options))) disturbed++;
      const sample = await measure(target);
      if (round > 0) samples.get(target)!.push(sample);
    }
  }
  return { samples, disturbed };
}

export interface Turns<Target, Sample> {
  readonly samples: ReadonlyMap<Target, readonly Sample[]>;
  /** How many samples began although something else kept the machine busy. */
  readonly disturbed: number;
}

/** Resident memory of every server at named moments. */
export class MemoryLog {
  readonly #readings = new Map<string, Map<string, number>>();
  readonly #servers: Server[] = [];

  async read(moment: string, servers: readonly Server[]): Promise<void> {
    for (const server of servers) {
      const usage = await readUsage(server.pid);
      const readings = this.#readings.getOrInsert(server.name, new Map<string, number>());
      readings.set(moment, usage.rssMb);
      readings.set('peak', usage.peakRssMb);
      if (!this.#servers.includes(server)) this.#servers.push(server);
    }
  }

  table(): Table {
    const moments = [...new Set([...this.#readings.values()].flatMap((each) => [...each.keys()]))];
    const columns = [...moments.filter((moment) => moment !== 'peak'), 'peak'];
    const rows = this.#servers.map(({ name }) => {
      const readings = this.#readings.get(name)!;
      return [
        name,
        ...columns.map((moment) => (readings.has(moment) ? formatNumber(readings.get(moment)!) : '-')),
      ];
    });
    return {
      title: 'Memory, MB resident of the whole process tree',
      columns: ['', ...columns],
      rows,
      notes: [],
    };
  }

  raw(): Record<string, Record<string, number>> {
    return Object.fromEntries([...this.#readings].map(([name, each]) => [name, Object.fromEntries(each)]));
  }
}

export interface Report {
  readonly tables: readonly Table[];
  readonly servers: readonly Server[];
  readonly raw: Readonly<Record<string, unknown>>;
}

/** Prints the tables, or everything as JSON, and writes the Markdown file if one was asked for. */
export async function publish({ tables, servers, raw }: Report, options: CommonOptions): Promise<void> {
  const versions = Object.fromEntries(servers.map((server) => [server.name, server.version]));
  const machine = describeMachine();
  const method = `${options.rounds} rounds of ${options.seconds} s after one discarded, medians (range)`;
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ machine, versions, options: { ...options, only: options.only?.source }, ...raw }, null, 2)}\n`,
    );
  } else {
    process.stdout.write(`${tables.map(renderText).join('\n')}\n`);
  }
  if (options.markdownPath === undefined) return;
  const facts = Object.entries({ ...machine, ...versions, method }).map(
    ([name, value]) => `- ${name}: ${value}`,
  );
  await writeFile(options.markdownPath, `${facts.join('\n')}\n\n${tables.map(renderMarkdown).join('\n')}`);
}
