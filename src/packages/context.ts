import type { AccountsContext } from '#accounts';
import type { Descriptions } from './descriptions/descriptions.ts';
import type { Mirrors } from './mirror/mirrors.ts';

/** What use cases of this part find in their context under `packages`. */
export interface Packages {
  readonly mirrors: Mirrors;
  readonly descriptions: Descriptions;
}

/** The context of this part; made in open.ts. */
export interface PackagesContext extends AccountsContext {
  readonly packages: Packages;
}
