import type { FastifyInstance } from 'fastify';
import { findIndexById, fullName } from '#packages';
import { readBody } from '#kernel/http/json-body.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import type { BuildsContext } from '../context.ts';
import { NewProjects, operations } from '../contract.ts';
import { countQueuedOf } from '../queue/store.ts';
import { addProjects } from './add-projects.ts';
import { removeProject } from './remove-project.ts';
import { listWatches } from './store.ts';

/** What is built by request. */
export function watchRoutes(app: FastifyInstance, context: BuildsContext): void {
  const { db } = context;

  route(app, operations.addBuildProjects, async (request, _params, reply) => {
    const projects = await addProjects(context, {
      identity: request.identity,
      ...readBody(request, NewProjects),
    });
    const total = projects.reduce((sum, { builds }) => sum + builds, 0);
    await sendJson(reply, { projects, builds: total });
  });

  route(app, operations.listBuildProjects, async (_request, _params, reply) => {
    const queued = await countQueuedOf(db);
    const projects: unknown[] = [];
    for (const watch of await listWatches(db)) {
      const index = await findIndexById(db, watch.indexId);
      if (index === undefined) continue;
      const { project, specifier, targets, everything, readAt, problem } = watch;
      const isThis = (each: { indexId: number; project: string }) =>
        each.indexId === watch.indexId && each.project === project;
      projects.push({
        index: fullName(index),
        project,
        specifier,
        targets,
        everything,
        waiting: queued.find(isThis)?.count ?? 0,
        read: readAt === null ? null : new Date(readAt).toISOString(),
        problem,
      });
    }
    await sendJson(reply, { projects });
  });

  route(app, operations.removeBuildProject, async ({ identity }, params, reply) => {
    const project = normalizeProjectName(params.project);
    await removeProject(context, { identity, user: params.user, index: params.index, project });
    await sendJson(reply, { message: `${project} is not built any more` });
  });
}
