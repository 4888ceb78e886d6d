import type { FastifyInstance } from 'fastify';
import { route, sendJson } from '#kernel/http/route.ts';
import type { BuildsContext } from '../context.ts';
import { operations } from '../contract.ts';
import { cancelBuild } from '../leases/cancel-build.ts';
import { sendLog } from '../logs/send-log.ts';
import { countQueued } from '../queue/store.ts';
import { getBuild } from './get-build.ts';
import { readBuildQuery, readNumber } from './read-query.ts';
import { retryBuild } from './retry-build.ts';
import { showBuildRecord, showBuilds } from './show-build.ts';
import { listBuilds } from './store.ts';

const SHOWN = 200;

/** What was built, and what became of it. */
export function recordRoutes(app: FastifyInstance, context: BuildsContext): void {
  const { db } = context;

  route(app, operations.listBuilds, async (request, _params, reply) => {
    const found = await listBuilds(db, readBuildQuery(request.query, SHOWN));
    await sendJson(reply, { waiting: await countQueued(db), builds: await showBuilds(db, found) });
  });

  route(app, operations.readBuild, async (_request, { id }, reply) => {
    await sendJson(reply, await showBuildRecord(context, await getBuild(db, id)));
  });

  route(app, operations.readBuildLog, async (request, { id }, reply) => {
    const build = await getBuild(db, id);
    await sendLog(context, reply, { build, offset: readNumber(request.query, 'offset') });
  });

  route(app, operations.retryBuild, async ({ identity }, { id }, reply) => {
    await retryBuild(context, { identity, build: await getBuild(db, id) });
    await sendJson(reply, { message: `build ${id} is done again` });
  });

  route(app, operations.cancelBuild, async ({ identity }, { id }, reply) => {
    await cancelBuild(context, { identity, build: await getBuild(db, id) });
    await sendJson(reply, { message: `build ${id} is cancelled` });
  });
}
