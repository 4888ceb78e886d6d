import type { Tx } from '#kernel/db/db.ts';
import type { Index } from '../model/index.ts';
import { METADATA_SUFFIX } from '../model/metadata-file.ts';
import { linkRelpath } from './link.ts';
import {
  deleteMirrorFile,
  deleteMirrorFilesOf,
  deleteMirrorProjects,
  findMirrorProject,
  listCachedPaths,
} from './store.ts';

/** Forgets what a mirror holds of a project; it comes back when asked for. Returns false if it held nothing. */
export async function forgetMirroredProject(tx: Tx, mirror: Index, project: string): Promise<boolean> {
  const stored = await findMirrorProject(tx, mirror, project);
  const cached = await listCachedPaths(tx, mirror.id, project);
  await deleteMirrorProjects(tx, mirror.id, project);
  await deleteMirrorFilesOf(tx, mirror.id, project);
  return stored !== undefined || cached.size > 0;
}

/** Forgets the stored files of one version. Returns false if upstream lists no such version. */
export async function forgetMirroredRelease(
  tx: Tx,
  mirror: Index,
  { project, version }: { readonly project: string; readonly version: string },
): Promise<boolean> {
  const stored = await findMirrorProject(tx, mirror, project);
  if (stored === undefined) return false;
  const links = (await stored.page.read()).files.filter((link) => link.version === version);
  for (const link of links) await forgetMirroredFile(tx, mirror, decodeURIComponent(linkRelpath(link)));
  return links.length > 0;
}

/** Forgets one stored file with its sidecar; `relpath` is what follows `user/index/`. */
export async function forgetMirroredFile(tx: Tx, mirror: Index, relpath: string): Promise<boolean> {
  await deleteMirrorFile(tx, mirror.id, `${relpath}${METADATA_SUFFIX}`);
  return await deleteMirrorFile(tx, mirror.id, relpath);
}
