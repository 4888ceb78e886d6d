import type { FastifyInstance } from 'fastify';
import { readBody } from '#kernel/http/json-body.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import type { BuildsContext } from '../context.ts';
import { operations } from '../contract.ts';
import { skipBuilds, unskipBuilds } from './skip-builds.ts';

/** What is not built of a project. */
export function skipRoutes(app: FastifyInstance, context: BuildsContext): void {
  route(app, operations.skipBuilds, async (request, params, reply) => {
    const body = readBody(request, operations.skipBuilds.request);
    const project = normalizeProjectName(params.project);
    await skipBuilds(context, { ...params, ...body, project, identity: request.identity });
    await sendJson(reply, { message: `builds of ${project} are skipped` });
  });

  route(app, operations.unskipBuilds, async (request, params, reply) => {
    const body = readBody(request, operations.unskipBuilds.request);
    const project = normalizeProjectName(params.project);
    await unskipBuilds(context, { ...params, ...body, project, identity: request.identity });
    await sendJson(reply, { message: `builds of ${project} are not skipped any more` });
  });
}
