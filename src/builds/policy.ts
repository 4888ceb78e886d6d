import { definePolicy, everyone, isRoot, type AnySubject, type Permission } from '#accounts';

const permissions = {
  // What is shown depends on what the sender may read.
  'builds.read': { scope: 'packages.read', rule: everyone, refuse: () => 'no permission to read builds' },
  'builds.manage': {
    scope: 'builds.manage',
    rule: isRoot,
    refuse: () => 'only root decides what is built',
  },
  'builds.build': {
    scope: 'builds.build',
    rule: isRoot,
    refuse: () => 'only builders of root, by a token with the scope builds.build, may build',
  },
} satisfies Record<string, Permission<AnySubject>>;

export type PermissionName = keyof typeof permissions;

/** Who may have something built, and who may build it. */
export const policy = definePolicy<PermissionName, AnySubject>(permissions);
