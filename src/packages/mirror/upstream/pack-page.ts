import { StoredPage } from '../stored-page.ts';
import { readUpstreamPage, type UpstreamPage } from './upstream-page.ts';

export interface PageBody {
  /** Inflated, UTF-8. */
  readonly body: Uint8Array;
  /** Where it came from. */
  readonly url: string;
  readonly project: string;
  readonly maxFiles: number;
}

/** A page of upstream, ready to be stored, with what decides whether it is. */
export interface PackedPage extends Pick<UpstreamPage, 'serial' | 'dropped' | 'droppedCount'> {
  readonly stored: StoredPage;
  /** True if the page says nothing at all. */
  readonly isEmpty: boolean;
}

/** Reads and packs a page; throws `SyntaxError` if it is none. */
export async function packPage({ body, ...about }: PageBody): Promise<PackedPage> {
  const page = readUpstreamPage(new TextDecoder().decode(body), about);
  const { files, versions, status, serial, dropped, droppedCount } = page;
  return {
    stored: await StoredPage.pack(page),
    isEmpty:
      files.length + versions.length + droppedCount === 0 && status === undefined && serial === undefined,
    serial,
    dropped,
    droppedCount,
  };
}
