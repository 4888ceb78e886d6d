import type { Part } from '#kernel/part.ts';
import { operations } from './contract.ts';
import { buildsErrors } from './errors.ts';
import { buildsEvents } from './events.ts';
import { pageOperations } from './page-operations.ts';
import { policy } from './policy.ts';
import { buildsSettings } from './settings.ts';

/** The wheel farm: what is to be built of which sdists, and the builders that do it. */
export const builds = {
  name: 'builds',
  settings: buildsSettings,
  errors: buildsErrors,
  events: buildsEvents,
  operations: { ...operations, ...pageOperations },
  policy,
  load: async () => (await import('./open.ts')).code,
} satisfies Part;
