import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A directory for the time of some work, for its owner alone, which is told. It is gone afterwards, also where a signal ends the work: that is then
 * thrown as an interruption.
 */
export async function withWorkDirectory<Result>(
  work: (directory: string, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const interruption = new AbortController();
  // As a question says it that Ctrl-C ends.
  const interrupt = () => interruption.abort(new DOMException('Aborted with Ctrl+C', 'AbortError'));
  for (const signal of SIGNALS) process.on(signal, interrupt);
  const directory = await mkdtemp(join(tmpdir(), 'wheelhouse-'));
  process.stdout.write(`using workdir ${directory}\n`);
  try {
    return await work(directory, interruption.signal);
  } catch (error) {
    interruption.signal.throwIfAborted();
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
    await rm(directory, { recursive: true, force: true });
  }
}
