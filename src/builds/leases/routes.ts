import type { FastifyInstance } from 'fastify';
import { readBody } from '#kernel/http/json-body.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import type { BuildsContext } from '../context.ts';
import { BuildResult, operations } from '../contract.ts';
import { appendLog } from '../logs/append-log.ts';
import { getBuild } from '../records/get-build.ts';
import { buildsConfig } from '../settings.ts';
import { endBuild } from './end-build.ts';
import { heartbeat } from './heartbeat.ts';
import { getRunning } from './running-build.ts';
import { leaseBuild, type LeasedBuild } from './lease-build.ts';
import { storeWheel } from './store-wheel.ts';

/** What builders say: take a build, keep it, tell of it, end it. */
export function leaseRoutes(app: FastifyInstance, context: BuildsContext): void {
  const { db, config } = context;
  const settings = buildsConfig(config);

  function showLease({ build, project, version, target, sdist, index, failures }: LeasedBuild) {
    const { filename, sha256, path, uploadedAt } = sdist;
    const uploaded = uploadedAt === null ? null : new Date(uploadedAt).toISOString();
    return {
      build,
      project,
      version,
      target,
      sdist: { filename, sha256, path, uploaded },
      index,
      failures,
      leaseSeconds: settings['builds.lease-seconds'],
      limits: { minutes: settings['builds.time-limit-minutes'] },
    };
  }

  route(app, operations.leaseBuild, async (request, { name }, reply) => {
    const { session } = readBody(request, operations.leaseBuild.request);
    const { lease, state, reason } = await leaseBuild(context, { name, session });
    const shown = lease === undefined ? null : showLease(lease);
    await sendJson(reply, { lease: shown, state, reason });
  });

  route(app, operations.heartbeat, async (_request, { id }, reply) => {
    await sendJson(reply, { goesOn: await heartbeat(context, id) });
  });

  route(app, operations.appendBuildLog, async (request, { id }, reply) => {
    const build = await getRunning(db, id);
    const size = await appendLog(context, build, readBody(request, operations.appendBuildLog.request));
    await sendJson(reply, { size });
  });

  route(app, operations.storeBuiltWheel, async (request, { id, filename }, reply) => {
    const build = await getRunning(db, id);
    const { sha256 } = request.query as { readonly sha256?: string };
    const { size, digests } = await storeWheel(context, { request, build, filename, sha256 });
    await sendJson(reply, { filename, sha256: digests.sha256, size });
  });

  route(app, operations.endBuild, async (request, { id }, reply) => {
    const result = readBody(request, BuildResult);
    await endBuild(context, { identity: request.identity, build: await getBuild(db, id), result });
    await sendJson(reply, { message: `build ${id} ${result.state}` });
  });
}
