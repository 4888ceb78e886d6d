import type { FastifyInstance } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { readForm } from '#web/serving/read-form.ts';
import { page } from '#web/serving/routes.ts';
import type { BuildsContext } from '../context.ts';
import { operations } from '../contract.ts';
import { pageOperations } from '../page-operations.ts';
import { changeBuilder } from './change-builder.ts';
import { buildersPage } from './pages.ts';
import { readBuilders } from './read-builders.ts';

/** The page of the builders. */
export function builderPageRoutes(app: FastifyInstance, context: BuildsContext): void {
  page(app, context, pageOperations.showBuilders, async () => buildersPage(await readBuilders(context)));

  page(app, context, pageOperations.sendBuilderChange, async (request, { name }) => {
    const { success, data } = operations.changeBuilder.request.safeParse(readForm(request));
    if (!success) throw new AppError(kernelErrors.badRequest, 'state must be active, paused or draining');
    await changeBuilder(context, { identity: request.identity, name, ...data });
    return { seeOther: '/+builders' };
  });
}
