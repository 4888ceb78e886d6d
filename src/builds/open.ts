import { createAuthorize } from '#accounts';
import type { PartCode } from '#kernel/part.ts';
import { builderPageRoutes } from './builders/page-routes.ts';
import { builderRoutes } from './builders/routes.ts';
import type { BuildsContext } from './context.ts';
import { buildsWords } from './home/event-words.ts';
import { farmNeeds, farmPanel } from './home/panels.ts';
import { leaseRoutes } from './leases/routes.ts';
import { returnLostJob } from './leases/return-lost.ts';
import { policy } from './policy.ts';
import { deriveProjectJob } from './needs/derive-project.ts';
import { recordPageRoutes } from './records/page-routes.ts';
import { recordRoutes } from './records/routes.ts';
import { replicatedBuilds } from './replicated.ts';
import { skipRoutes } from './skips/routes.ts';
import { storedBytes } from './stored-bytes.ts';
import { buildsMigrations } from './tables.ts';
import { hearUploads } from './watches/hear-uploads.ts';
import { readWatchedJob } from './watches/read-watched.ts';
import { watchPageRoutes } from './watches/page-routes.ts';
import { watchRoutes } from './watches/routes.ts';

/** The code of the part; `part.ts` declares it. */
export const code: PartCode = {
  migrations: buildsMigrations,
  storedBytes,
  replicated: replicatedBuilds,
  async open(base) {
    const context = base as BuildsContext;
    context.accounts.nameScopes({
      'builds.manage': 'decide what is built',
      'builds.build': 'build: take sdists, and put wheels on indexes',
    });
    context.events.accompany((tx, events) => hearUploads(context, tx, events));
    context.web.addNavigation({
      section: 'builds',
      label: 'Builds',
      href: '/+builds',
      isFor: (reader) => policy.isAllowed(context, reader, 'builds.manage', {}),
    });
    context.web.addHomePanel(farmNeeds(context));
    context.web.addStatusPanel(farmPanel(context));
    context.web.describeEvents(buildsWords);
    return {
      authorize: createAuthorize(context, policy, { server: async () => ({}) }),
      declareRoutes(app) {
        watchRoutes(app, context);
        skipRoutes(app, context);
        recordRoutes(app, context);
        builderRoutes(app, context);
        leaseRoutes(app, context);
        recordPageRoutes(app, context);
        watchPageRoutes(app, context);
        builderPageRoutes(app, context);
      },
      jobs: [deriveProjectJob(context), readWatchedJob(context), returnLostJob(context)],
    };
  },
};
