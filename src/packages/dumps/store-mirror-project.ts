import type { Tx } from '#kernel/db/db.ts';
import { contentTypeOf } from '../files/content-type.ts';
import type { Link } from '../mirror/link.ts';
import { saveMirrorFile, saveMirrorProject, upstreamOf } from '../mirror/store.ts';
import { StoredPage } from '../mirror/stored-page.ts';
import { unknownUrl } from '../mirror/unknown-url.ts';
import { fileRelpath } from '../model/file-path.ts';
import type { Index } from '../model/index.ts';
import { METADATA_SUFFIX, METADATA_TYPE } from '../model/metadata-file.ts';
import type { DumpedFile, DumpedIndex } from './dump.ts';
import type { StoredBytes } from './store-batch.ts';

export interface MirroredProject {
  readonly index: Index;
  readonly dumped: DumpedIndex;
  /** Normalized. */
  readonly project: string;
  readonly files: readonly DumpedFile[];
  readonly stored: ReadonlyMap<DumpedFile, StoredBytes>;
  readonly now: number;
}

/** Gives a mirror files that another server had fetched. They count as old: a server on line asks upstream about the project. */
export async function storeMirrorProject(
  tx: Tx,
  { index, dumped, project, files, stored, now }: MirroredProject,
): Promise<void> {
  const links: Link[] = [];
  for (const file of files) {
    const bytes = stored.get(file);
    if (bytes === undefined) throw new Error(`${file.relpath} was checked, and is not there`);
    const { sha256, size, sidecar } = bytes;
    const relpath = fileRelpath(sha256, file.filename);
    const row = { indexId: index.id, project, storedAt: file.modifiedAt ?? now };
    await saveMirrorFile(tx, { ...row, relpath, sha256, size, contentType: contentTypeOf(relpath) });
    if (sidecar !== undefined)
      await saveMirrorFile(tx, {
        ...row,
        ...sidecar,
        relpath: `${relpath}${METADATA_SUFFIX}`,
        contentType: METADATA_TYPE,
      });
    links.push({
      filename: file.filename,
      version: file.version,
      url: urlOf(file) ?? unknownUrl(index, project, file),
      hashes: { sha256 },
      size,
      uploadTime: undefined,
      requiresPython: dumped.projects.get(project)?.versions.get(file.version)?.requiresPython ?? undefined,
      yanked: file.yanked ?? undefined,
      coreMetadata: sidecar?.sha256,
      provenance: undefined,
    });
  }
  const page = await StoredPage.pack({
    files: links,
    versions: [...new Set(links.map(({ version }) => version))],
    status: undefined,
    serial: undefined,
    dropped: [],
    droppedCount: 0,
  });
  const answer = { upstream: upstreamOf(index), page, etag: null, serial: null, expiresAt: 0 };
  await saveMirrorProject(tx, index.id, project, answer);
}

/** Where upstream had it, which its own pages said. Whatever comes from there must have the hash. */
function urlOf({ url: text }: DumpedFile): string | undefined {
  const url = URL.parse(text ?? '');
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  [url.username, url.password, url.hash] = ['', '', ''];
  return url.href;
}
