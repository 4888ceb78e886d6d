import type { Part } from '#kernel/part.ts';
import { operations } from './contract.ts';
import { indexPageOperations } from './index-page-operations.ts';
import { packagesErrors } from './errors.ts';
import { packagesEvents } from './events.ts';
import { pageOperations } from './page-operations.ts';
import { policy } from './policy.ts';
import { packagesSettings } from './settings.ts';
import { webhookPageOperations } from './webhook-page-operations.ts';

/** Private indexes and mirrors: what devpi-server does. */
export const packages = {
  name: 'packages',
  settings: packagesSettings,
  errors: packagesErrors,
  events: packagesEvents,
  operations: { ...operations, ...pageOperations, ...indexPageOperations, ...webhookPageOperations },
  policy,
  load: async () => (await import('./open.ts')).code,
} satisfies Part;
