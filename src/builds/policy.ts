import { accountsErrors, challenge, definePolicy, isRoot, type AnySubject, type Permission } from '#accounts';
import { AppError } from '#kernel/errors/app-error.ts';

/** Who could be root by logging in is asked to. */
const refusedWith =
  (sentence: string): Permission<AnySubject>['refuse'] =>
  (_subject, { user }) =>
    user === undefined
      ? new AppError(accountsErrors.loginNeeded, sentence, { headers: challenge })
      : sentence;

const permissions = {
  'builds.manage': {
    scope: 'builds.manage',
    rule: isRoot,
    refuse: refusedWith('only root decides what is built'),
  },
  'builds.build': {
    scope: 'builds.build',
    rule: isRoot,
    refuse: refusedWith('only builders of root, by a token with the scope builds.build, may build'),
  },
} satisfies Record<string, Permission<AnySubject>>;

export type PermissionName = keyof typeof permissions;

/** Who may have something built, and who may build it. */
export const policy = definePolicy<PermissionName, AnySubject>(permissions);
