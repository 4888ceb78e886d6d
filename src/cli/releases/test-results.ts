import { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Client } from '../client/client.ts';

const Commands = z
  .array(
    z.looseObject({
      command: z.array(z.string()).default([]),
      output: z.unknown(),
      // Old versions of tox write it as text.
      retcode: z.union([z.number(), z.string(), z.null()]),
    }),
  )
  .default([]);

/** What tox writes with `--result-json`, as far as it is shown. */
const Report = z.looseObject({
  host: z.string(),
  platform: z.string(),
  testenvs: z.record(
    z.string(),
    z.looseObject({
      python: z.looseObject({ version: z.string().optional() }).optional(),
      setup: Commands,
      test: Commands,
    }),
  ),
});

/** A result with all that tests wrote; more is not read into memory. */
const MOST_BYTES = 64 * 1024 ** 2;

export interface TestCommand {
  readonly command: string;
  readonly output: string;
  readonly hasFailed: boolean;
}

/** What became of one environment of tox; of a result that is none only the address is known. */
export interface TestResult {
  readonly href: string;
  readonly environment?: {
    readonly host: string;
    readonly platform: string;
    readonly name: string;
    readonly python: string | undefined;
    readonly setup: readonly TestCommand[];
    readonly test: readonly TestCommand[];
    readonly hasPassed: boolean;
  };
}

/** Results of one file, newest first; of each environment of a host only the newest. */
export async function readTestResults(
  client: Client,
  hrefs: readonly string[],
): Promise<readonly TestResult[]> {
  const seen = new Set<string>();
  const results: TestResult[] = [];
  for (const href of hrefs.toReversed()) {
    const report = Report.safeParse(await readJson(client, href));
    if (!report.success) {
      results.push({ href });
      continue;
    }
    const { host, platform, testenvs } = report.data;
    for (const [name, { python, setup, test }] of Object.entries(testenvs).toSorted()) {
      const key = JSON.stringify([host, platform, name]);
      if (seen.has(key)) continue;
      seen.add(key);
      const commands = { setup: setup.map(toCommand), test: test.map(toCommand) };
      const ran = [...commands.setup, ...commands.test];
      const hasPassed =
        commands.setup.length > 0 && commands.test.length > 0 && !ran.some(({ hasFailed }) => hasFailed);
      const version = python?.version?.split(/\s/, 1)[0];
      results.push({
        href,
        environment: { host, platform, name, python: version, ...commands, hasPassed },
      });
    }
  }
  return results;
}

/** What is no JSON, or gone meanwhile, is no report; that the server is not there is told. */
async function readJson(client: Client, href: string): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    // Who accepts only JSON gets what devpi-server knows of the file, and not the file.
    await client.download(client.addressOf(href).href, (chunk) => {
      bytes += chunk.byteLength;
      if (bytes <= MOST_BYTES) chunks.push(chunk);
    });
    return bytes > MOST_BYTES ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    if (error instanceof AppError && [404, 410].includes(error.kind.status)) return undefined;
    throw error;
  }
}

function toCommand({ command, output, retcode }: z.output<typeof Commands>[number]): TestCommand {
  return {
    command: command.join(' '),
    output: typeof output === 'string' ? output : '',
    hasFailed: retcode !== null && Number(retcode) !== 0,
  };
}
