import type { FastifyInstance } from 'fastify';
import type { PackagesContext } from '#packages';
import { page } from '#web/serving/routes.ts';
import { listVisible } from '../events/list-visible.ts';
import { readFilter } from '../events/read-filter.ts';
import { pageOperations } from '../page-operations.ts';
import { homePage } from './pages.ts';

const LATELY = 8;
/** Said by the event of the file that came with it. */
const SAID_ALREADY = new Set(['packages.project-created', 'accounts.user-created']);

/** The first page: what the parts add to it, and what happened lately. */
export function homePageRoutes(app: FastifyInstance, context: PackagesContext): void {
  const { web } = context;
  page(app, context, pageOperations.showHome, async ({ identity, outsideUrl }) => {
    const reader = { identity, outsideUrl };
    const filter = readFilter({ limit: String(LATELY * 2) }, context.clock.now());
    const [panels, { events }] = await Promise.all([
      Promise.all(
        web.homePanels.map(async (panel) => ({
          summary: await panel.summary?.(reader),
          needs: (await panel.needs?.(reader)) ?? [],
          main: await panel.main?.(reader),
          actions: (await panel.actions?.(reader)) ?? [],
        })),
      ),
      listVisible(context, identity, filter),
    ]);
    return homePage({
      reader: identity.user,
      panels,
      lately: events.filter(({ type }) => !SAID_ALREADY.has(type)).slice(0, LATELY),
      wordsOf: (type) => web.wordsOf(type),
    });
  });
}
