import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';

/** 404 in devpi's words. */
export function releaseNotFound(project: string, version: string): AppError {
  return new AppError(
    packagesErrors.releaseNotFound,
    `The version ${version} of project ${project} does not exist.`,
  );
}
