import { runInThread } from '../run-in-thread.ts';
import { StoredPage } from '../stored-page.ts';
import { packPage, type PackedPage, type PageBody } from './pack-page.ts';

/** Some 12,000 files, a tenth of a second: hardly more than a thread takes to start. */
const MAX_BYTES_HERE = 8 * 1024 ** 2;

/** Reads and packs a page, a large one in a thread of its own, so that nobody else waits; throws `SyntaxError`. */
export async function readPage(page: PageBody): Promise<PackedPage> {
  if (page.body.byteLength <= MAX_BYTES_HERE) return await packPage(page);
  const { bytes, facts } = (await runInThread('page-worker', import.meta.url, page)) as {
    readonly bytes: Uint8Array;
    readonly facts: Omit<PackedPage, 'stored'>;
  };
  return { ...facts, stored: new StoredPage(bytes) };
}
