import { setTimeout as sleep } from 'node:timers/promises';
import type { BuildsContext } from '../context.ts';
import { findBuild } from '../records/store.ts';
import { readLog } from './read-log.ts';
import { readLogPieces } from './store.ts';

const LOOK_MS = 500;

/** Lines of a log that came together. */
export interface LogLines {
  /** The number of the first one, from 1 on. */
  readonly first: number;
  readonly lines: readonly string[];
}

/** The lines of a log; without the last one where that is not complete and may still grow. */
export function linesOfLog(text: string, isOver: boolean): string[] {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  if (isOver && rest !== '') lines.push(rest);
  return lines;
}

/**
 * The lines of a log behind the first `after`, as they come, until the build is over or the signal aborts. Each time it has looked it
 * asks whether it may go on.
 */
export async function* followLog(
  context: BuildsContext,
  { build, after }: { readonly build: number; readonly after: number },
  { mayGoOn, signal }: { mayGoOn(): Promise<boolean>; readonly signal: AbortSignal },
): AsyncGenerator<LogLines> {
  const { db } = context;
  let position = 0;
  let seen = 0;
  let rest = '';
  while (!signal.aborted && (await mayGoOn())) {
    const now = await findBuild(db, build);
    if (now === undefined) return;
    const isOver = now.state !== 'running';
    const added = isOver
      ? (await readLog(context, now)).slice(position)
      : await readLogPieces(db, build, position);
    position += added.length;
    const text = rest + added;
    rest = text.slice(text.lastIndexOf('\n') + 1);
    const lines = linesOfLog(text, isOver);
    const fresh = lines.slice(Math.max(0, after - seen));
    seen += lines.length;
    if (fresh.length > 0) yield { first: seen - fresh.length + 1, lines: fresh };
    if (isOver) return;
    await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
