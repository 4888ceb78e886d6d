import { AppError } from '#kernel/errors/app-error.ts';
import { isProjectName } from '#python/names/project-name.ts';
import { packagesErrors } from '../errors.ts';

/** A name that can never be valid is not looked up at all. */
export function checkProjectName(project: string): void {
  if (/[^\p{ASCII}]/u.test(project)) {
    throw new AppError(packagesErrors.invalidProjectName, 'unicode project names not allowed');
  }
  if (!isProjectName(project)) {
    throw new AppError(
      packagesErrors.projectNotFound,
      `'${project.slice(0, 100)}' can never be a project name`,
    );
  }
}
