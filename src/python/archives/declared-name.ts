import type { CoreMetadata } from '../metadata/core-metadata.ts';
import type { ParsedFilename } from '../names/filename.ts';
import { normalizeProjectName } from '../names/project-name.ts';
import { demand, quoted } from '../archive-rejected.ts';
import { isSameVersion } from '../names/same-version.ts';

/** Rejects an archive whose metadata is about another project or version than its file name. */
export function checkNamed(metadata: CoreMetadata, filename: ParsedFilename): void {
  demand(
    normalizeProjectName(metadata.name) === filename.project,
    'metadata.name-mismatch',
    () => `the metadata says project ${quoted(metadata.name)}, the file name ${quoted(filename.project)}`,
  );
  demand(
    isSameVersion(metadata.version, filename.version),
    'metadata.version-mismatch',
    () => `the metadata says version ${quoted(metadata.version)}, the file name ${quoted(filename.version)}`,
  );
}
