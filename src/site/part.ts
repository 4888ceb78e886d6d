import { definePolicy, type AnySubject } from '#accounts';
import type { Part } from '#kernel/part.ts';
import { pageOperations } from './page-operations.ts';

/** Pages over all parts: home, search, events, status and settings. They show what the other parts add to `context.web`. */
export const site = {
  name: 'site',
  settings: [],
  errors: {},
  events: {},
  operations: pageOperations,
  // Its pages ask for permissions of the parts to the left, and show what those let the reader see.
  policy: definePolicy<never, AnySubject>({}),
  load: async () => (await import('./open.ts')).code,
} satisfies Part;
