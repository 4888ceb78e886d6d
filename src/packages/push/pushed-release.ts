import type { Db } from '#kernel/db/db.ts';
import { findDocumentation, type Documentation } from '../documentation/store.ts';
import type { Index } from '../model/index.ts';
import type { Metadata } from '../projects/metadata.ts';
import { findProject, findRelease, listFilesOfReleases, type ReleaseFile } from '../projects/store.ts';
import { listToxResults, type ToxResult } from '../tox-results/store.ts';
import type { Pushed } from './push-request.ts';

/** A file on its way, with what tests told of it. */
export type PushedFile = Omit<ReleaseFile, 'id' | 'indexId' | 'projectId' | 'releaseId'> & {
  readonly results: readonly ToxResult[];
};

/** A release as it goes to another index; its bytes are here. */
export interface PushedRelease {
  readonly project: { /** Normalized. */ readonly name: string; readonly displayName: string };
  readonly version: string;
  readonly metadata: Metadata;
  readonly files: readonly PushedFile[];
  readonly documentation: Documentation | undefined;
}

/** What a stage itself has of a release, as far as it is pushed; undefined if it has no such release. */
export async function readStageRelease(
  db: Db,
  stage: Index,
  { project: name, version, what }: Pushed,
): Promise<PushedRelease | undefined> {
  const project = await findProject(db, stage.id, name);
  const release = project && (await findRelease(db, project.id, version));
  if (project === undefined || release === undefined) return undefined;
  const files = what === 'only documentation' ? [] : await listFilesOfReleases(db, [release.id]);
  const results = Map.groupBy(
    await listToxResults(
      db,
      files.map(({ id }) => id),
    ),
    ({ releaseFileId }) => releaseFileId,
  );
  return {
    project: { name: project.name, displayName: project.displayName },
    version,
    metadata: release.metadata,
    files: files
      .toSorted((a, b) => a.id - b.id)
      .map((file) => ({ ...file, results: results.get(file.id) ?? [] })),
    documentation: what === 'no documentation' ? undefined : await findDocumentation(db, release.id),
  };
}
