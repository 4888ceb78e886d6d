import { indexHref, type Index } from '#packages';
import type { Build } from './build.ts';

/** The page of a build, or what follows it there. */
export function buildHref({ id }: Pick<Build, 'id'>, ...rest: readonly string[]): string {
  return ['/+builds', id, ...rest].join('/');
}

/** The page that says what is built of a project, or what follows it there. */
export function buildProjectHref(index: Index, project: string, ...rest: readonly string[]): string {
  return [`/+builds/projects${indexHref(index, project)}`, ...rest].join('/');
}
