import type { z } from 'zod';
import type { FastifyInstance } from 'fastify';
import { fullName } from '#packages';
import { readBody } from '#kernel/http/json-body.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import type { BuildsContext } from '../context.ts';
import { NewProjects, operations, type AddedProjects } from '../contract.ts';
import { deriveProject } from '../needs/derive-project.ts';
import { addProjects } from './add-projects.ts';
import { readWatches } from './read-watches.ts';
import { removeProject } from './remove-project.ts';

/** What is built by request. */
export function watchRoutes(app: FastifyInstance, context: BuildsContext): void {
  const { db } = context;

  route(app, operations.addBuildProjects, async (request, _params, reply) => {
    const { identity } = request;
    const projects: z.input<typeof AddedProjects>['projects'] = [];
    // Who adds them is told how much it is; else the job finds it out.
    for (const added of await addProjects(context, { identity, ...readBody(request, NewProjects) })) {
      const { project, isNew } = added;
      projects.push({ project, isNew, builds: await deriveProject(context, added) });
    }
    const total = projects.reduce((sum, { builds }) => sum + builds, 0);
    await sendJson(reply, { projects, builds: total });
  });

  route(app, operations.listBuildProjects, async (_request, _params, reply) => {
    const projects = (await readWatches(db)).map((watch) => ({
      index: fullName(watch.index),
      project: watch.project,
      specifier: watch.specifier,
      targets: watch.targets,
      everything: watch.everything,
      waiting: watch.waiting,
      read: watch.readAt === null ? null : new Date(watch.readAt).toISOString(),
      problem: watch.problem,
    }));
    await sendJson(reply, { projects });
  });

  route(app, operations.removeBuildProject, async ({ identity }, params, reply) => {
    const project = normalizeProjectName(params.project);
    await removeProject(context, { identity, user: params.user, index: params.index, project });
    await sendJson(reply, { message: `${project} is not built any more` });
  });
}
