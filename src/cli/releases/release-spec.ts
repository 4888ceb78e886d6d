import { satisfies, validRange } from '@renovatebot/pep440/lib/specifier.js';
import { AppError } from '#kernel/errors/app-error.ts';
import { isProjectName, normalizeProjectName } from '#python/names/project-name.ts';
import { cliErrors } from '../errors.ts';

/** A project, and which of its versions are meant. */
export interface ReleaseSpec {
  /** As it was given. */
  readonly name: string;
  /** Normalized. */
  readonly project: string;
  /** Without one, all versions are meant. */
  readonly hasVersions: boolean;
  includes(version: string): boolean;
}

/** Reads `demo`, `demo==1.0` or `demo>=1,<2`; pre-releases count. Throws `cli.bad-argument`. */
export function readReleaseSpec(given: string): ReleaseSpec {
  const [, name = '', range = ''] = /^([\w.-]*?)\s*((?:[=<>!~].*)?)$/.exec(given.trim()) ?? [];
  // Text after `===` is compared as it is: for old versions that are none.
  const exact = /^===\s*(\S+)$/.exec(range)?.[1];
  if (!isProjectName(name) || (range !== '' && exact === undefined && !validRange(range))) {
    throw new AppError(cliErrors.badArgument, `${given} names no releases`, {
      hint: "write demo, demo==1.0 or 'demo>=1,<2'",
    });
  }
  return {
    name,
    project: normalizeProjectName(name),
    hasVersions: range !== '',
    includes: (version) =>
      range === '' ||
      (exact === undefined ? satisfies(version, range, { prereleases: true }) : version === exact),
  };
}
