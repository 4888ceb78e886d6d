import type { PackagesContext } from '#packages';

/** The context of this part. */
export type BuildsContext = PackagesContext;
