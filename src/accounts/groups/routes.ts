import type { FastifyInstance } from 'fastify';
import { readBody } from '#kernel/http/json-body.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import type { AccountsContext } from '../context.ts';
import { GroupChange, NewGroup, operations } from '../contract.ts';
import { changeGroup } from './change-group.ts';
import { createGroup } from './create-group.ts';
import { deleteGroup } from './delete-group.ts';
import { listGroups } from './store.ts';

/** Groups of users, which root manages; everybody sees the own ones in `+api`. */
export function groupRoutes(app: FastifyInstance, context: AccountsContext): void {
  route(app, operations.listGroups, async (_request, _params, reply) => {
    await sendJson(reply, { type: 'list:group', result: await listGroups(context.db) });
  });

  route(app, operations.createGroup, async (request, { group: name }, reply) => {
    const { members } = readBody(request, NewGroup);
    const result = await createGroup(context, { identity: request.identity, name, members });
    await sendJson(reply, { type: 'group', result }, 201);
  });

  route(app, operations.changeGroup, async (request, { group: name }, reply) => {
    const change = readBody(request, GroupChange);
    const result = await changeGroup(context, { identity: request.identity, name, ...change });
    await sendJson(reply, { type: 'group', result });
  });

  route(app, operations.deleteGroup, async ({ identity }, { group: name }, reply) => {
    await deleteGroup(context, { identity, name });
    await sendJson(reply, { message: `group '${name}' deleted` });
  });
}
