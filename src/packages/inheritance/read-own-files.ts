import type { PackagesContext } from '../context.ts';
import { fileUrlPath } from '../model/file-path.ts';
import type { Index } from '../model/index.ts';
import { linkPath } from '../mirror/link.ts';
import { findProject, listFiles } from '../projects/store.ts';

/** A file of one index, whoever may read it. */
export interface OwnFile {
  readonly filename: string;
  /** Empty if the file name does not tell. */
  readonly version: string;
  readonly requiresPython: string | undefined;
  readonly yanked: boolean;
  /** Epoch milliseconds, where it is known. */
  readonly uploadedAt: number | undefined;
  readonly sha256: string | undefined;
  /** Its address on this server, percent-encoded, with a leading slash. */
  readonly path: string;
}

/**
 * The files that one index has of a project, without its bases; of a mirror as `Mirrors.project` knows them, which throws 502,
 * 503 or 504 if nothing is known and upstream does not say. For the server's own work: nobody's rights are asked.
 */
export async function readOwnFiles(
  { db, packages }: PackagesContext,
  index: Index,
  project: string,
): Promise<OwnFile[]> {
  if (index.type === 'mirror') {
    const { files } = await packages.mirrors.project(index, project);
    return files.map((link) => {
      const uploadedAt = Date.parse(link.uploadTime ?? '');
      return {
        filename: link.filename,
        version: link.version,
        requiresPython: link.requiresPython,
        yanked: link.yanked !== undefined,
        uploadedAt: Number.isNaN(uploadedAt) ? undefined : uploadedAt,
        sha256: link.hashes['sha256'],
        path: `/${linkPath(index, link)}`,
      };
    });
  }
  const found = await findProject(db, index.id, project);
  if (found === undefined) return [];
  return (await listFiles(db, [found.id])).map((file) => ({
    filename: file.filename,
    version: file.version,
    requiresPython: file.requiresPython ?? undefined,
    yanked: file.yanked !== null,
    uploadedAt: file.uploadedAt,
    sha256: file.sha256,
    path: `/${fileUrlPath(index, file.sha256, file.filename)}`.replace(/^\/+/, '/'),
  }));
}
