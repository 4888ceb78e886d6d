import { z } from 'zod';
import { defineEvents } from '#kernel/events/event-type.ts';

const user = z.string();
const OfToken = z.object({
  user,
  token: z.string().meta({ description: 'Its id.' }),
  name: z.string(),
});
const OfGroup = z.object({ group: z.string(), members: z.array(z.string()).readonly() });

export const accountsEvents = defineEvents('accounts', {
  userCreated: { meaning: 'There is a new user.', data: z.object({ user }) },
  userModified: {
    meaning: 'Fields of a user changed, or were given anew.',
    data: z.object({
      user,
      changed: z.array(z.string()).meta({ description: 'Names of the fields, without their values.' }),
    }),
  },
  userDeleted: { meaning: 'A user is gone, with all indexes.', data: z.object({ user }) },
  tokenCreated: {
    meaning: 'A user made an API token.',
    data: OfToken.extend({
      scopes: z.array(z.string()).readonly(),
      on: z.array(z.string()).readonly().optional().meta({ description: 'The only indexes that it is for.' }),
    }),
  },
  tokenRevoked: { meaning: 'An API token ended before its time.', data: OfToken },
  sessionEnded: {
    meaning: 'A user logged a browser out, or several of them.',
    data: z.object({
      user,
      session: z
        .string()
        .optional()
        .meta({ description: 'Its id; without one all sessions of the user, or all but one, have ended.' }),
    }),
  },
  groupCreated: { meaning: 'There is a new group.', data: OfGroup },
  groupChanged: { meaning: 'Users joined or left a group.', data: OfGroup },
  groupDeleted: { meaning: 'A group is gone.', data: OfGroup.pick({ group: true }) },
});
