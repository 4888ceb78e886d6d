import {
  accountsErrors,
  any,
  definePolicy,
  everyone,
  isNamedBy,
  isOwner,
  isRoot,
  type AnySubject,
  type Permission,
  type Rule,
} from '#accounts';
import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import { packagesErrors } from './errors.ts';
import { listOption } from './indexes/find.ts';
import { fullName, type Index } from './indexes/store.ts';
import { packagesConfig } from './settings.ts';

/** What a permission of this part is about: an index, or what one is to be made of. */
export interface Subject extends AnySubject {
  readonly index?: Index;
}

/** An index that is there. */
export interface IndexSubject extends Subject {
  readonly index: Index;
}

/** The index as the policy sees it. */
export function indexSubject(index: Index): IndexSubject {
  return { user: index.user, name: fullName(index), index };
}

const isUploader: Rule<Subject> = (identity, { index }) =>
  index !== undefined && listOption(index, 'acl_upload').some((entry) => isNamedBy(entry, identity));
const isOwnerOrRoot = any<Subject>(isOwner, isRoot);
const isUploaderOrOwnerOrRoot = any<Subject>(isUploader, isOwnerOrRoot);

const sentence =
  (verb: string) =>
  ({ name = '' }: Subject) =>
    `no permission to ${verb} ${name}`;

const permissions = {
  'packages.read': { scope: 'packages.read', rule: everyone, refuse: sentence('read') },
  'packages.create-index': {
    scope: 'packages.manage',
    rule: isOwnerOrRoot,
    refuse: sentence('create index'),
  },
  'packages.modify-index': {
    scope: 'packages.manage',
    rule: isOwnerOrRoot,
    refuse: sentence('modify index'),
  },
  'packages.delete-index': {
    scope: 'packages.manage',
    rule: isOwnerOrRoot,
    refuse: sentence('delete index'),
  },
  // The host of a mirror is one that the server itself asks.
  'packages.choose-upstream': {
    scope: 'packages.manage',
    rule: (identity, subject, config) =>
      packagesConfig(config)['packages.mirror-creation'] === 'anyone' || isRoot(identity, subject, config),
    refuse: () => 'only root may make mirrors or change their mirror_url here',
  },
  // Only who is listed may upload: neither the owner nor root is implied.
  'packages.upload': { scope: 'packages.upload', rule: isUploader, refuse: refuseUpload },
  'packages.remove': {
    scope: 'packages.remove',
    rule: isUploaderOrOwnerOrRoot,
    refuse: sentence('remove from'),
  },
  'packages.yank': { scope: 'packages.remove', rule: isUploaderOrOwnerOrRoot, refuse: sentence('yank on') },
} satisfies Record<string, Permission<Subject>>;

/** Who may do what to an index (reference devpi.md 2.3). */
export const policy = definePolicy<keyof typeof permissions, Subject>(permissions);

export type PermissionName = keyof typeof permissions;

/** twine and devpi-client ask for a password at 401 only. */
function refuseUpload({ index }: Subject, identity: Identity): string | AppError {
  if (index?.type === 'mirror')
    return new AppError(packagesErrors.uploadToMirror, 'cannot submit to mirror index');
  if (identity.user !== undefined) return 'no permission to submit';
  // The first word is all that devpi says, and what scripts look for in the output of `devpi upload`.
  const detail =
    identity.rejected === 'wrong-credentials'
      ? 'the user name or the password is wrong'
      : 'Unauthorized: log in to upload';
  return new AppError(accountsErrors.loginNeeded, detail, {
    headers: { 'www-authenticate': 'Basic realm="pypi"' },
  });
}

/** May somebody see what is on an index? */
export function mayRead(context: Pick<Context, 'config'>, identity: Identity, index: Index): boolean {
  return policy.isAllowed(context, identity, 'packages.read', indexSubject(index));
}

/** Throws 401 or 403 unless `mayRead`. */
export function authorizeReading(context: Pick<Context, 'config'>, identity: Identity, index: Index): void {
  policy.authorize(context, identity, 'packages.read', indexSubject(index));
}
