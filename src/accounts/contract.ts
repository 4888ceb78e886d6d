import { z } from 'zod';
import { AnyObject, envelope, Message, type Operation } from '#kernel/http/operation.ts';
import type { PermissionName } from './policy.ts';
import type { SubjectName } from './subjects.ts';

export type { PermissionName, SubjectName };

export const Login = z.object({ user: z.string(), password: z.string() });

export const ProxyAuth = z.object({
  password: z.string().meta({ description: 'The login token: use it as the password.' }),
  expiration: z.number().meta({ description: 'Seconds until the token expires.' }),
});

export const UserConfig = z.looseObject({
  username: z.string(),
  created: z.string(),
  modified: z.string().optional(),
  email: z.string().optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  custom_data: z.unknown().optional(),
  indexes: z.record(z.string(), AnyObject),
});

const indexName = z.string().regex(/^[^/]{1,200}\/[^/]{1,200}$/, { error: 'must be USER/INDEX' });

export const NewApiToken = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .meta({ description: 'For people; the valid tokens of a user have different ones.' }),
  scopes: z
    .array(z.string())
    .min(1, 'name one at least, such as packages.upload')
    .max(50)
    .meta({ description: 'What the token is for.' }),
  on: z
    .array(indexName)
    .min(1)
    .max(50)
    .optional()
    .meta({ description: 'The only indexes that it is for, as `user/index`.' }),
  days: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'How long it is valid; `accounts.token-days` without it.' }),
});

export const ApiToken = z.object({
  id: z.string(),
  user: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  on: z.array(z.string()).optional(),
  created: z.string(),
  expires: z.string(),
  revoked: z.string().optional(),
  last_used: z.string().optional().meta({ description: 'To the minute.' }),
});

export const CreatedApiToken = ApiToken.extend({
  token: z.string().meta({ description: 'The token, which is shown this once.' }),
});

const Users = z.array(z.string()).max(1000);

export const NewGroup = z.strictObject({ members: Users.default([]) });

export const GroupChange = z.strictObject({ add: Users.default([]), remove: Users.default([]) });

export const Group = z.object({ name: z.string(), members: z.array(z.string()) });

/** Every operation of the part, in the order of docs/reference/http.md. */
export const operations = {
  login: {
    method: 'POST',
    path: '/+login',
    permission: 'accounts.login',
    subject: 'server',
    summary: 'Exchange a password for a login token of ten hours.',
    isLocal: true,
    request: Login,
    response: envelope('proxyauth', ProxyAuth),
  },
  listTokens: {
    method: 'GET',
    path: '/+tokens',
    permission: 'accounts.manage-tokens',
    subject: 'server',
    summary: 'API tokens of who asks, without their secrets; root may ask for those of `?user=`.',
    response: envelope('list:apitoken', z.array(ApiToken)),
  },
  createToken: {
    method: 'POST',
    path: '/+tokens',
    permission: 'accounts.manage-tokens',
    subject: 'server',
    summary: 'Make an API token; answers 201 with the token, which is never shown again.',
    request: NewApiToken,
    response: envelope('apitoken', CreatedApiToken),
  },
  revokeToken: {
    method: 'DELETE',
    path: '/+tokens/:id',
    permission: 'accounts.manage-tokens',
    subject: 'server',
    summary: 'End an API token at once; root may end those of everybody.',
    response: Message,
  },
  listGroups: {
    method: 'GET',
    path: '/+groups',
    permission: 'accounts.manage-groups',
    subject: 'server',
    summary: 'Groups with their members; root only.',
    response: envelope('list:group', z.array(Group)),
  },
  createGroup: {
    method: 'PUT',
    path: '/+groups/:group',
    permission: 'accounts.manage-groups',
    subject: 'server',
    summary: 'Make a group, which access lists name as `:GROUP`; answers 201.',
    request: NewGroup,
    response: envelope('group', Group),
  },
  changeGroup: {
    method: 'PATCH',
    path: '/+groups/:group',
    permission: 'accounts.manage-groups',
    subject: 'server',
    summary: 'Add members and remove members.',
    request: GroupChange,
    response: envelope('group', Group),
  },
  deleteGroup: {
    method: 'DELETE',
    path: '/+groups/:group',
    permission: 'accounts.manage-groups',
    subject: 'server',
    summary: 'Delete a group; access lists keep its name.',
    response: Message,
  },
  createUser: {
    method: 'PUT',
    path: '/:user',
    permission: 'accounts.create-user',
    subject: 'server',
    summary: 'Create a user; answers 201.',
    request: z.looseObject({ password: z.string(), email: z.string().optional() }),
    response: envelope('userconfig', UserConfig),
  },
  modifyUser: {
    method: 'PATCH',
    path: '/:user',
    permission: 'accounts.modify-user',
    subject: 'user',
    summary: 'Change fields of a user; a new password answers with a fresh login token.',
    request: AnyObject,
    response: z.union([Message, envelope('userpassword', ProxyAuth)]),
  },
  deleteUser: {
    method: 'DELETE',
    path: '/:user',
    permission: 'accounts.delete-user',
    subject: 'user',
    summary: 'Delete a user with all indexes, which must be volatile.',
    response: Message,
  },
} as const satisfies Record<string, Operation<PermissionName, SubjectName>>;
