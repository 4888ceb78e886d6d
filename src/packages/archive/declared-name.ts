import type { CoreMetadata } from './core-metadata.ts';
import type { ParsedFilename } from './filename.ts';
import { normalizeProjectName } from './project-name.ts';
import { demand, quoted } from './rejected.ts';
import { isSameVersion } from './same-version.ts';

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
