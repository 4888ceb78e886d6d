import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { PageAnswer } from '#web/page.ts';
import { page } from '#web/serving/routes.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import type { PackagesContext } from '../context.ts';
import { isPrivate, readReading, viewOf } from '../inheritance/reading.ts';
import { pageOperations } from '../page-operations.ts';
import { markPrivate } from '../private-answer.ts';
import { checkProjectName } from '../projects/check-project-name.ts';
import { projectHref } from '../releases/project-header.ts';
import { documentationNotFound, findShownDocumentation } from './find-documentation.ts';
import { documentationPage } from './pages.ts';

/** Documentation with our own frame around it. */
export function documentationPageRoutes(app: FastifyInstance, context: PackagesContext): void {
  interface Asked {
    readonly user: string;
    readonly index: string;
    readonly project: string;
    readonly version: string;
  }

  async function show(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: Asked,
    path: string,
  ): Promise<PageAnswer> {
    checkProjectName(asked.project);
    const project = normalizeProjectName(asked.project);
    const reading = await readReading(context, { user: asked.user, name: asked.index });
    if (isPrivate(reading)) markPrivate(reply.raw);
    const view = viewOf(context, reading, request.identity);
    const shown = await findShownDocumentation(context, view, { project, version: asked.version });
    if (shown === undefined) throw documentationNotFound(project, asked.version);
    const { index } = view;
    if (path === '') {
      return { seeOther: projectHref({ index, project }, asked.version, '+d', 'index.html') };
    }
    const newest = await findShownDocumentation(context, view, { project, version: 'latest' });
    return documentationPage({ index, project, shown, newest: newest?.version, path });
  }

  page(app, context, pageOperations.showDocumentation, (request, params, _subject, reply) =>
    show(request, reply, params, params['*']),
  );
  page(app, context, pageOperations.showDocumentationStart, (request, params, _subject, reply) =>
    show(request, reply, params, ''),
  );
}
