import type { Build } from './build.ts';

/** The page of a build, or what follows it there. */
export function buildHref({ id }: Pick<Build, 'id'>, ...rest: readonly string[]): string {
  return ['/+builds', id, ...rest].join('/');
}
