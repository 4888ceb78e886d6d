import type { FastifyInstance, FastifyRequest } from 'fastify';
import { findIndex, type Index } from '#packages';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Refusal } from '#web/components/form.ts';
import { pageNumber } from '#web/components/table.ts';
import { readForm, refusalOf } from '#web/serving/read-form.ts';
import { page } from '#web/serving/routes.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import type { BuildsContext } from '../context.ts';
import { NewProjects } from '../contract.ts';
import { pageOperations } from '../page-operations.ts';
import { deriveMatrix } from '../needs/derive-matrix.ts';
import { publishingIndex } from '../model/publishing-index.ts';
import { deriveProject, readFiles, readState } from '../needs/derive-project.ts';
import { addProjects } from './add-projects.ts';
import { findWatched } from './find-watched.ts';
import { buildProjectPage, buildProjectRemovalPage, buildProjectsPage } from './pages.ts';
import { readWatches } from './read-watches.ts';
import { notWatched, removeProject } from './remove-project.ts';
import { findWatch, type Watch } from './store.ts';

interface OfProject {
  readonly user: string;
  readonly index: string;
  readonly project: string;
}

/** Pages of what is built by request. */
export function watchPageRoutes(app: FastifyInstance, context: BuildsContext): void {
  const { db, clock } = context;

  page(app, context, pageOperations.showBuildProjects, (request) => list(request, {}));

  async function list(
    { query, url }: FastifyRequest,
    input: Readonly<Record<string, string>>,
    refusal?: Refusal,
  ) {
    return buildProjectsPage({
      watches: await readWatches(db),
      page: pageNumber(query),
      here: url,
      input,
      refusal,
    });
  }

  page(app, context, pageOperations.sendNewBuildProjects, async (request) => {
    const { identity } = request;
    const input = readForm(request);
    try {
      const projects = NewProjects.parse({
        requirements: wordsIn(input['requirements'], /\n/),
        targets: wordsIn(input['targets'], /[\s,]+/),
        index: input['index']?.trim() ?? '',
        everything: input['everything'] !== undefined,
        prereleases: input['prereleases'] !== undefined,
      });
      for (const added of await addProjects(context, { identity, ...projects }))
        await deriveProject(context, added);
      return { seeOther: '/+builds/projects' };
    } catch (error) {
      return await list(request, input, refusalOf(error));
    }
  });

  page(app, context, pageOperations.showBuildProject, async ({ query, url }, params) => {
    const { index, watch, isRemovable } = await getWatched(params);
    const published = (await publishingIndex(context, index)) ?? index;
    const shared = { index, published, isRemovable, page: pageNumber(query), here: url, now: clock.now() };
    try {
      const files = await readFiles(context, index, watch.project);
      const matrix = deriveMatrix(await readState(db, watch, files));
      return buildProjectPage({ ...shared, watch, matrix, problem: undefined });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return buildProjectPage({ ...shared, watch, matrix: undefined, problem: error.message });
    }
  });

  page(app, context, pageOperations.showBuildProjectRemoval, async (_request, params) => {
    const { index, watch, isRemovable } = await getWatched(params);
    if (!isRemovable) throw notWatched(params);
    return buildProjectRemovalPage(index, watch);
  });

  page(app, context, pageOperations.sendBuildProjectRemoval, async ({ identity }, params) => {
    const project = normalizeProjectName(params.project);
    await removeProject(context, { identity, user: params.user, index: params.index, project });
    return { seeOther: '/+builds/projects' };
  });

  async function getWatched(
    named: OfProject,
  ): Promise<{ readonly index: Index; readonly watch: Watch; readonly isRemovable: boolean }> {
    const project = normalizeProjectName(named.project);
    const index = await findIndex(db, named.user, named.index);
    const watch = index && (await findWatched(db, index, project));
    if (index === undefined || watch === undefined) throw notWatched(named);
    return { index, watch, isRemovable: (await findWatch(db, index.id, project)) !== undefined };
  }
}

function wordsIn(text = '', between: RegExp): string[] {
  return text
    .split(between)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
