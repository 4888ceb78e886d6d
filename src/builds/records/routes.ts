import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import type { BuildsContext } from '../context.ts';
import { BuildState, operations } from '../contract.ts';
import { cancelBuild } from '../leases/cancel-build.ts';
import { readLog } from '../logs/read-log.ts';
import { countQueued } from '../queue/store.ts';
import { getBuild } from './get-build.ts';
import { retryBuild } from './retry-build.ts';
import { showBuildRecord, showBuilds } from './show-build.ts';
import { listBuilds } from './store.ts';

const SHOWN = 200;

/** What was built, and what became of it. */
export function recordRoutes(app: FastifyInstance, context: BuildsContext): void {
  const { db } = context;

  route(app, operations.listBuilds, async (request, _params, reply) => {
    const { state, project, before } = request.query as Readonly<Record<string, string | undefined>>;
    const found = await listBuilds(db, {
      state: state === undefined ? undefined : readState(state),
      project: project === undefined ? undefined : normalizeProjectName(project),
      before: before === undefined ? undefined : readNumber(request, 'before'),
      limit: SHOWN,
    });
    await sendJson(reply, { waiting: await countQueued(db), builds: await showBuilds(db, found) });
  });

  route(app, operations.readBuild, async (_request, { id }, reply) => {
    await sendJson(reply, await showBuildRecord(context, await getBuild(db, id)));
  });

  route(app, operations.readBuildLog, async (request, { id }, reply) => {
    const text = await readLog(context, await getBuild(db, id));
    const headers = {
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'private, no-cache',
    };
    await reply.headers(headers).send(text.slice(readNumber(request, 'offset')));
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

function readState(text: string) {
  const parsed = BuildState.safeParse(text);
  if (parsed.success) return parsed.data;
  const known = BuildState.options.join(', ');
  throw new AppError(kernelErrors.badRequest, `state is '${text.slice(0, 50)}', and must be one of ${known}`);
}

/** 0 where the query has none. */
function readNumber({ query }: FastifyRequest, name: string): number {
  const text = (query as Readonly<Record<string, unknown>>)[name] ?? '0';
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw new AppError(kernelErrors.badRequest, `${name} must be a whole number`);
}
