import { any, definePolicy, everyone, isNamedBy, isOwner, isRoot, type Rule } from '#accounts';

/** What a request wants to do; each route names one (reference devpi.md 2.3). */
export type Permission =
  | 'read'
  | 'index_create'
  | 'index_modify'
  | 'index_delete'
  | 'mirror_create'
  | 'upload'
  | 'remove'
  | 'yank'
  | 'server_read';

/** The index that the path names, as far as a rule asks for it. */
export interface Subject {
  readonly user?: string;
  readonly aclUpload?: readonly string[];
}

const isListed: Rule<Subject> = (identity, { aclUpload = [] }) =>
  aclUpload.some((entry) => isNamedBy(entry, identity));
const isOwnerOrRoot = any<Subject>(isOwner, isRoot);
const isListedOrOwnerOrRoot = any<Subject>(isListed, isOwnerOrRoot);

/** Who may do what to an index. */
export const { isAllowed, authorize } = definePolicy<Permission, Subject>({
  read: everyone,
  index_create: isOwnerOrRoot,
  index_modify: isOwnerOrRoot,
  index_delete: isOwnerOrRoot,
  // Asked only where the setting packages.mirror-creation reserves mirrors for root.
  mirror_create: isRoot,
  // Only who is listed may upload: neither the owner nor root is implied.
  upload: isListed,
  remove: isListedOrOwnerOrRoot,
  yank: isListedOrOwnerOrRoot,
  server_read: isRoot,
});
