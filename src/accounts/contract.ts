import { z } from 'zod';
import { AnyObject, envelope, Message, type Operation } from '#kernel/http/operation.ts';
import type { Permission } from './policy.ts';

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

/** Every operation of the part, in the order of docs/reference/http.md. */
export const operations = {
  login: {
    method: 'POST',
    path: '/+login',
    allow: 'login',
    summary: 'Exchange a password for a login token of ten hours.',
    request: Login,
    response: envelope('proxyauth', ProxyAuth),
  },
  createUser: {
    method: 'PUT',
    path: '/:user',
    allow: 'user_create',
    summary: 'Create a user; answers 201.',
    request: z.looseObject({ password: z.string(), email: z.string().optional() }),
    response: envelope('userconfig', UserConfig),
  },
  modifyUser: {
    method: 'PATCH',
    path: '/:user',
    allow: 'user_modify',
    summary: 'Change fields of a user; a new password answers with a fresh login token.',
    request: AnyObject,
    response: z.union([Message, envelope('userpassword', ProxyAuth)]),
  },
  deleteUser: {
    method: 'DELETE',
    path: '/:user',
    allow: 'user_delete',
    summary: 'Delete a user with all indexes, which must be volatile.',
    response: Message,
  },
} as const satisfies Record<string, Operation<Permission>>;
