import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { printable } from '../printable.ts';
import type { BuiltWheel } from './check-wheels.ts';
import { IMPORT_PROGRAM, REPORT } from './import-program.ts';
import { runInSandbox, type Sandboxed } from './sandbox/run-in-sandbox.ts';

export interface ImportTest {
  /** Why the wheel cannot be used, in a sentence. */
  readonly failure?: string;
  /** What could not be tried, and modules that fail for reasons that need not be the wheel's. */
  readonly notes: readonly string[];
}

const Report = z.object({
  failure: z.string().max(1000).nullable(),
  notes: z.array(z.string().max(1000)).max(100),
});
const MAX_REPORT_BYTES = 256 * 1024;
const MAX_SECONDS = 300;

/**
 * Imports the modules of a wheel in a sandbox of its own, with its requirements beside it as far as the index has wheels of them. An extension module of its own that cannot be
 * loaded, or that ends the interpreter, is a failure; a module of others that is missing is a note.
 */
export async function testImports(
  wheel: BuiltWheel,
  sandboxed: Omit<Sandboxed, 'argv' | 'inputs'>,
): Promise<ImportTest> {
  const inside = `/input/${wheel.filename}`;
  const { exitCode, limit } = await runInSandbox({
    ...sandboxed,
    argv: ['-I', '-c', IMPORT_PROGRAM, inside],
    inputs: { [inside]: wheel.path },
    limits: { ...sandboxed.limits, seconds: Math.min(sandboxed.limits.seconds, MAX_SECONDS) },
  });
  if (limit !== undefined) return { failure: `importing it reaches the limit of ${limit}`, notes: [] };
  const report = await readReport(join(sandboxed.directory, 'build', REPORT)).catch(() => undefined);
  if (exitCode !== 0 || report === undefined) return { notes: ['its imports could not be tested'] };
  const { failure, notes } = report;
  return { ...(failure !== null && { failure: printable(failure) }), notes: notes.map(printable) };
}

/** Written by whoever was inside: it may be anything. */
async function readReport(path: string): Promise<z.infer<typeof Report>> {
  await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_REPORT_BYTES), 0, MAX_REPORT_BYTES, 0);
  return Report.parse(JSON.parse(buffer.toString('utf8', 0, bytesRead)));
}
