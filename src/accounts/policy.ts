import { AppError } from '#kernel/errors/app-error.ts';
import {
  any,
  definePolicy,
  everyone,
  isOwner,
  isRoot,
  type AnySubject,
  type Permission,
  type Rule,
} from './define-policy.ts';
import { challenge } from './challenge.ts';
import { accountsErrors } from './errors.ts';
import { accountsConfig, type AccountsConfig } from './settings.ts';

const isOwnerOrRoot = any<AnySubject>(isOwner, isRoot);

type ReadersSetting = {
  [Name in keyof AccountsConfig]: Name extends `accounts.${string}-readers` ? Name : never;
}[keyof AccountsConfig];

/** Those whom a setting chooses: `anyone`, `users` or `root`. Who could be one of them by logging in gets 401. */
function readersBy(setting: ReadersSetting, verb: string): Permission<AnySubject> {
  const rules: Readonly<Record<AccountsConfig[ReadersSetting], Rule<AnySubject>>> = {
    anyone: everyone,
    users: ({ user }) => user !== undefined,
    root: isRoot,
  };
  return {
    rule: (identity, subject, config) => rules[accountsConfig(config)[setting]](identity, subject, config),
    refuse: (_subject, { user }) => {
      const refusal = `no permission to ${verb} (${setting})`;
      return user === undefined ? new AppError(accountsErrors.loginNeeded, refusal) : refusal;
    },
  };
}

const sentence =
  (verb: string) =>
  ({ user }: AnySubject) =>
    `no permission to ${verb}${user === undefined ? '' : ` ${user}`}`;

const permissions = {
  'accounts.login': { rule: everyone, refuse: sentence('log in') },
  // A token that leaks must not be able to make itself a stronger or longer one.
  'accounts.manage-tokens': {
    rule: ({ user }) => user !== undefined,
    refuse: () => new AppError(accountsErrors.loginNeeded, 'nobody is logged in', { headers: challenge }),
  },
  // A token is for a program; whether people are logged in is not its business.
  'accounts.manage-sessions': {
    rule: ({ user }) => user !== undefined,
    refuse: () => new AppError(accountsErrors.loginNeeded, 'nobody is logged in', { headers: challenge }),
  },
  'accounts.manage-groups': { rule: isRoot, refuse: () => 'only root may manage groups' },
  'accounts.list-users': readersBy('accounts.user-list-readers', 'list users'),
  'accounts.read-user': { rule: everyone, refuse: sentence('read user') },
  'accounts.create-user': {
    rule: (identity, subject, config) =>
      accountsConfig(config)['accounts.sign-up'] === 'anyone' || isRoot(identity, subject, config),
    refuse: () => 'only root may create users (accounts.sign-up)',
  },
  'accounts.modify-user': { rule: isOwnerOrRoot, refuse: sentence('modify user') },
  'accounts.delete-user': {
    rule: (identity, subject, config) => subject.user !== 'root' && isOwnerOrRoot(identity, subject, config),
    refuse: sentence('delete user'),
  },
  'server.read-interface': { rule: everyone, refuse: sentence('read the interface') },
  // What is found depends on what the sender may read.
  'server.search': { rule: everyone, refuse: sentence('search') },
  'server.read-metrics': {
    scope: 'server.read',
    ...readersBy('accounts.metrics-readers', 'read the metrics'),
  },
  'server.read-status': {
    scope: 'server.read',
    ...readersBy('accounts.status-readers', 'read the status'),
  },
  // What is shown depends on what the sender may read.
  'server.read-events': { scope: 'server.read', rule: everyone, refuse: sentence('read the events') },
  // Password hashes and the secret of login tokens are among it; a password may not do what is meant for programs alone.
  'server.replicate': {
    scope: 'server.replicate',
    rule: ({ user, token }) => user === 'root' && token !== undefined,
    refuse: () => 'only a token of root with the scope server.replicate may follow this server',
  },
  'server.read-settings': { rule: isRoot, refuse: () => 'only root may read the settings' },
  'server.read-own-events': { scope: 'server.read', rule: isOwner, refuse: sentence('read the events of') },
  'server.read-all-events': {
    scope: 'server.read',
    rule: isRoot,
    refuse: () => 'only root may read the whole event log',
  },
} satisfies Record<string, Permission<AnySubject>>;

export type PermissionName = keyof typeof permissions;

/** Who may do what to users, and read what about the server (reference devpi.md 2.3). */
export const policy = definePolicy<PermissionName, AnySubject>(permissions);
