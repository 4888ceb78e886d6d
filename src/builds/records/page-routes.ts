import type { FastifyInstance } from 'fastify';
import { stillThere } from '#accounts';
import { findIndexById } from '#packages';
import { route } from '#kernel/http/route.ts';
import type { Identity } from '#kernel/identity.ts';
import { logLines } from '#web/components/log.ts';
import type { StreamMessage } from '#web/page.ts';
import { page } from '#web/serving/routes.ts';
import { readBuilders } from '../builders/read-builders.ts';
import type { BuildsContext } from '../context.ts';
import { cancelBuild } from '../leases/cancel-build.ts';
import { followLog, linesOfLog } from '../logs/follow-log.ts';
import { readLog } from '../logs/read-log.ts';
import { sendLog } from '../logs/send-log.ts';
import { buildHref } from '../model/build-href.ts';
import type { Build } from '../model/build.ts';
import { pageOperations } from '../page-operations.ts';
import { policy } from '../policy.ts';
import { publishingIndex } from '../model/publishing-index.ts';
import { countQueuedByTarget } from '../queue/store.ts';
import { listWatches } from '../watches/store.ts';
import { buildFacts } from './build-facts.ts';
import { getBuild, noBuild } from './get-build.ts';
import { buildCancellationPage, buildPage, buildsPage, logEnd } from './pages.ts';
import { readBuildQuery } from './read-query.ts';
import { retryBuild } from './retry-build.ts';
import { countEnded, findBuild, listBroughtFiles, listBuilds } from './store.ts';

const PAGE_SIZE = 50;
const DAY_MS = 86_400_000;
/** Builds of the last day are counted among so many. */
const MOST_COUNTED = 5000;
const MOST_RUNNING = 200;

/** Pages of builds: all of them, one, and its log as it grows. */
export function recordPageRoutes(app: FastifyInstance, context: BuildsContext): void {
  const { db, clock } = context;

  page(app, context, pageOperations.showBuilds, async (request) => {
    const query = readBuildQuery(request.query, PAGE_SIZE + 1);
    const found = await listBuilds(db, query);
    const builds = found.slice(0, PAGE_SIZE);
    const [queued, builders] = [await countQueuedByTarget(db), await readBuilders(context)];
    const isFiltered = query.state !== undefined || query.project !== undefined || query.before !== undefined;
    return buildsPage({
      running: await listBuilds(db, { state: 'running', limit: MOST_RUNNING }),
      queued,
      ended: await countEnded(db, clock.now() - DAY_MS, MOST_COUNTED),
      builders,
      query,
      builds,
      olderBefore: found.length > PAGE_SIZE ? builds.at(-1)?.id : undefined,
      here: request.url,
      isInUse:
        isFiltered ||
        builds.length + queued.length + builders.length > 0 ||
        (await listWatches(db)).length > 0,
    });
  });

  page(app, context, pageOperations.showBuild, async (_request, { id }) => {
    const build = await getBuild(db, id);
    const source = await findIndexById(db, build.indexId);
    // Builds go with their index.
    if (source === undefined) throw noBuild(id);
    return buildPage({
      build,
      source,
      published: (await publishingIndex(context, source)) ?? source,
      files: (await listBroughtFiles(db, [build.id])).get(build.id) ?? [],
      facts: buildFacts(build),
      lines: linesOfLog(await readLog(context, build), build.state !== 'running'),
    });
  });

  route(app, pageOperations.showBuildLog, async (_request, { id }, reply) => {
    await sendLog(context, reply, { build: await getBuild(db, id), offset: 0 });
  });

  page(app, context, pageOperations.followBuildLog, async ({ identity, query, headers }, { id }) => {
    const build = await getBuild(db, id);
    const last = String(headers['last-event-id'] ?? (query as Readonly<Record<string, unknown>>)['after']);
    const after = /^\d{1,15}$/.test(last) ? Number(last) : 0;
    return { stream: (signal) => follow(identity, build, after, signal) };
  });

  async function* follow(
    identity: Identity,
    build: Build,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<StreamMessage> {
    const whoIsThere = stillThere(context, identity);
    const mayGoOn = async () => {
      const reader = await whoIsThere();
      return reader !== undefined && policy.isAllowed(context, reader, 'builds.manage', {});
    };
    for await (const { first, lines } of followLog(context, { build: build.id, after }, { mayGoOn, signal }))
      yield { id: String(first + lines.length - 1), html: logLines(lines, first) };
    // Otherwise the reader was sent away.
    if ((await findBuild(db, build.id))?.state !== 'running') yield { html: logEnd(build) };
  }

  page(app, context, pageOperations.sendBuildRetry, async ({ identity }, { id }) => {
    const build = await getBuild(db, id);
    await retryBuild(context, { identity, build });
    return { seeOther: buildHref(build) };
  });

  page(app, context, pageOperations.showBuildCancellation, async (_request, { id }) =>
    buildCancellationPage(await getBuild(db, id)),
  );

  page(app, context, pageOperations.sendBuildCancellation, async ({ identity }, { id }) => {
    const build = await getBuild(db, id);
    await cancelBuild(context, { identity, build });
    return { seeOther: buildHref(build) };
  });
}
