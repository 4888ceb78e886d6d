import type { FastifyInstance } from 'fastify';
import { route, sendJson } from '#kernel/http/route.ts';
import type { PackagesContext } from '../context.ts';
import { operations } from '../contract.ts';
import type { ProjectLists } from '../lists/project-lists.ts';
import { markPrivate } from '../private-answer.ts';
import { readSearch, searchProjects } from './search-projects.ts';

/** Searching: what is found depends on who asks. */
export function searchRoutes(app: FastifyInstance, context: PackagesContext, lists: ProjectLists): void {
  route(app, operations.search, async (request, _params, reply) => {
    markPrivate(reply.raw);
    const search = readSearch(request.query);
    await sendJson(reply, await searchProjects(context, lists, { ...search, identity: request.identity }));
  });
}
