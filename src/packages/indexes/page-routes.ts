import type { FastifyInstance } from 'fastify';
import { pageNumber } from '#web/components/table.ts';
import { page } from '#web/serving/routes.ts';
import type { PackagesContext } from '../context.ts';
import { pageOperations } from '../page-operations.ts';
import { mayRead } from '../policy.ts';
import { listReadableIndexes } from '../users/list-readable-indexes.ts';
import { indexesPage } from './list-pages.ts';

/** Pages of indexes. */
export function indexPageRoutes(app: FastifyInstance, context: PackagesContext): void {
  page(app, context, pageOperations.showIndexes, async ({ identity, query, url }) =>
    indexesPage({
      indexes: await listReadableIndexes(context.db, (index) => mayRead(context, identity, index)),
      page: pageNumber(query),
      here: url,
      reader: identity.user,
    }),
  );
}
