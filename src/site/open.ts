import type { PackagesContext } from '#packages';
import type { Context } from '#kernel/context.ts';
import type { PartCode } from '#kernel/part.ts';
import { eventPageRoutes } from './events/page-routes.ts';
import { homePageRoutes } from './home/page-routes.ts';
import { searchPageRoutes } from './search/page-routes.ts';
import { settingsPageRoutes } from './settings/page-routes.ts';
import { statusPageRoutes } from './status/page-routes.ts';
import { replicationPanel } from './status/replication-panel.ts';

/** The code of the part; `part.ts` declares it. */
export const code: PartCode = {
  migrations: [],
  async open(given: Context) {
    const context = given as PackagesContext;
    context.web.addStatusPanel(replicationPanel(context));
    context.web.addNavigation({ section: 'events', label: 'Events', href: '/+events' });
    return {
      declareRoutes(app) {
        homePageRoutes(app, context);
        searchPageRoutes(app, context);
        eventPageRoutes(app, context);
        statusPageRoutes(app, context);
        settingsPageRoutes(app, context);
      },
    };
  },
};
