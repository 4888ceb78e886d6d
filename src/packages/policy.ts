import {
  accountsErrors,
  any,
  challenge,
  definePolicy,
  everyone,
  isNamedBy,
  isOwner,
  isRoot,
  rejection,
  type AnySubject,
  type Permission,
  type Rule,
} from '#accounts';
import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { anonymous, type Identity } from '#kernel/identity.ts';
import { packagesErrors } from './errors.ts';
import { type Index, fullName, listOption } from './model/index.ts';
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
/** Where nothing is listed everybody reads. Who administers an index may always read it; uploaders are not implied. */
const isReader: Rule<Subject> = (identity, subject, config) =>
  subject.index?.options['acl_read'] === undefined ||
  listOption(subject.index, 'acl_read').some((entry) => isNamedBy(entry, identity)) ||
  isOwnerOrRoot(identity, subject, config);
/** Indexes of before there was the option take results of everybody, as in devpi. */
const isTester: Rule<Subject> = (identity, subject, config) =>
  isReader(identity, subject, config) &&
  (subject.index?.options['acl_toxresult_upload'] === undefined ||
    listOption(subject.index, 'acl_toxresult_upload').some((entry) => isNamedBy(entry, identity)));
const isUploaderOrOwnerOrRoot = any<Subject>(isUploader, isOwnerOrRoot);

const sentence =
  (verb: string) =>
  ({ name = '' }: Subject) =>
    `no permission to ${verb} ${name}`;

const permissions = {
  /** Where it is and where to log in: the name of an index is no secret. */
  'packages.find-index': { scope: 'packages.read', rule: everyone, refuse: sentence('find') },
  'packages.read': { scope: 'packages.read', rule: isReader, refuse: refuseReading },
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
  'packages.push-to-private-address': {
    scope: 'packages.manage',
    rule: (identity, subject, config) =>
      packagesConfig(config)['packages.push-private-addresses'] === 'anyone' ||
      isRoot(identity, subject, config),
    refuse: () => 'only root may push to a private address here',
  },
  // They are told of everything that happens, on private indexes, too.
  'packages.manage-server-webhooks': {
    scope: 'packages.manage',
    rule: isRoot,
    refuse: () => 'only root manages webhooks of the server',
  },
  // Only who is listed may upload: neither the owner nor root is implied.
  'packages.upload': { scope: 'packages.upload', rule: isUploader, refuse: refuseUpload },
  'packages.add-test-result': { scope: 'packages.upload', rule: isTester, refuse: refuseTestResult },
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

/** The same whatever is asked for, there or not. pip and its keyring ask for a password at 401 only. */
function refuseReading({ name = '' }: Subject, identity: Identity): string | AppError {
  if (identity.user !== undefined) return `no permission to read ${name}`;
  return rejection(identity) ?? loginNeeded(identity, `Unauthorized: log in to read ${name}`);
}

/** twine and devpi-client ask for a password at 401 only. */
function refuseUpload({ index }: Subject, identity: Identity): string | AppError {
  if (index?.type === 'mirror')
    return new AppError(packagesErrors.uploadToMirror, 'cannot submit to mirror index');
  if (identity.user !== undefined) return 'no permission to submit';
  // The first word is all that devpi says, and what scripts look for in the output of `devpi upload`.
  return rejection(identity) ?? loginNeeded(identity, 'Unauthorized: log in to upload');
}

/** devpi's words: `devpi test` prints them. */
function refuseTestResult({ name, index }: Subject, identity: Identity): string | AppError {
  if (index?.options['acl_read'] !== undefined && identity.user === undefined) {
    return loginNeeded(identity, `Unauthorized: log in to read ${name}`);
  }
  return 'No permission to upload tox results. You can use the devpi test --no-upload option to skip the upload.';
}

function loginNeeded({ rejected }: Identity, detail: string): AppError {
  const told = rejected === 'wrong-credentials' ? 'the user name or the password is wrong' : detail;
  return new AppError(accountsErrors.loginNeeded, told, { headers: challenge });
}

/** May somebody see what is on an index? */
export function mayRead(context: Pick<Context, 'config'>, identity: Identity, index: Index): boolean {
  return policy.isAllowed(context, identity, 'packages.read', indexSubject(index));
}

/** True if not everybody may read the index: then answers depend on who asks. */
export function isRestricted(context: Pick<Context, 'config'>, index: Index): boolean {
  return !mayRead(context, anonymous, index);
}

/** Throws 401 or 403 unless `mayRead`. */
export function authorizeReading(context: Pick<Context, 'config'>, identity: Identity, index: Index): void {
  policy.authorize(context, identity, 'packages.read', indexSubject(index));
}
