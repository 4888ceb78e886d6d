import type { Files } from '#kernel/files/files.ts';
import { openWhole } from '#kernel/files/open-whole.ts';
import { ToxReport } from './report.ts';
import type { ToxResult } from './store.ts';

/** What a result says; undefined for one that is no report, which came with a dump. Throws if its bytes are gone. */
export async function readReport(
  files: Files,
  { sha256, size }: Pick<ToxResult, 'sha256' | 'size'>,
): Promise<ToxReport | undefined> {
  const open = await openWhole(files, { sha256, size });
  try {
    const bytes = size === 0 ? Buffer.alloc(0) : await open.next(Buffer.allocUnsafe(size));
    return ToxReport.safeParse(JSON.parse(bytes.toString('utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  } finally {
    open.release();
  }
}
