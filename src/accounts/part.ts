import type { Part } from '#kernel/part.ts';
import { operations } from './contract.ts';
import { accountsErrors } from './errors.ts';
import { accountsEvents } from './events.ts';
import { pageOperations } from './page-operations.ts';
import { policy } from './policy.ts';
import { accountsSettings } from './settings.ts';

/** Users, passwords and logins, and what a permission is. */
export const accounts = {
  name: 'accounts',
  settings: accountsSettings,
  errors: accountsErrors,
  events: accountsEvents,
  operations: { ...operations, ...pageOperations },
  policy,
  load: async () => (await import('./open.ts')).code,
} satisfies Part;
