import { run } from '../process/run.ts';

/** Makes everything durable that was written to the file system of this directory: one call for any number of files. */
export async function syncFileSystem(directory: string): Promise<void> {
  // Node has no call for it. Elsewhere the program knows no directories.
  const argv = process.platform === 'linux' ? (['sync', '-f', directory] as const) : (['sync'] as const);
  const { exitCode, stderr } = await run(argv, { timeoutMs: 3_600_000 });
  if (exitCode !== 0)
    throw new Error(`\`${argv.join(' ')}\` ended with ${exitCode}: ${stderr.slice(0, 500)}`);
}
