import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { readJson } from '#kernel/http/json-body.ts';
import { outsideUrl } from '#kernel/http/outside-url.ts';
import { operations } from '../contract.ts';
import { listProjectNames } from '../projects/store.ts';
import { hasQuery, indexUrl, route, sendJson } from '../route.ts';
import { asksForSimple, isInstaller } from '../simple/negotiate.ts';
import { createIndex } from './create-index.ts';
import { deleteIndex } from './delete-index.ts';
import { getIndex } from './find.ts';
import { modifyIndex } from './modify-index.ts';
import type { Options } from './options.ts';
import { showIndex } from './show-index.ts';

/** Routes of indexes, as devpi-client speaks them (reference devpi.md 1.6). */
export function indexRoutes(app: FastifyInstance, context: Context): void {
  const { db } = context;

  route(app, operations.readIndex, async (request, params, reply) => {
    const { accept, 'user-agent': userAgent } = request.headers;
    if (asksForSimple(accept) || isInstaller(userAgent)) {
      const baseUrl = outsideUrl(request.headers, context.config['outside-url']);
      await reply.redirect(`${indexUrl(baseUrl, params.user, params.index)}/+simple/`, 302);
      return;
    }
    const index = await getIndex(db, params.user, params.index);
    const result = showIndex(index);
    if (!hasQuery(request, 'no_projects')) Object.assign(result, await readProjects(request, index.id));
    await sendJson(reply, { type: 'indexconfig', result });
  });

  /** devpi's filter and paging: `q`, `total`, `limit`, `offset` (reference devpi.md 0.2). */
  async function readProjects(request: FastifyRequest, indexId: number): Promise<Record<string, unknown>> {
    const query = request.query as Readonly<Record<string, string | undefined>>;
    const [limit, offset = 0] = [query['limit'], query['offset']].map((text) =>
      text === undefined ? undefined : Number(text),
    );
    if ([limit ?? 0, offset].some((number) => !Number.isSafeInteger(number) || number < 0)) {
      throw new AppError(kernelErrors.badRequest, 'limit and offset must be integers');
    }
    const names = (await listProjectNames(db, [indexId])).filter((name) => name.includes(query['q'] ?? ''));
    return {
      projects: limit === undefined ? names : names.slice(offset, offset + limit),
      ...(limit !== undefined && { offset, limit }),
      ...(hasQuery(request, 'total') && { total: names.length }),
    };
  }

  route(app, operations.createIndex, async (request, params, reply) => {
    const { identity } = request;
    const given = request.body === undefined ? {} : readJson(request);
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      throw new AppError(kernelErrors.badRequest, 'the body must be a JSON object of index options');
    }
    const index = await createIndex(context, {
      identity,
      user: params.user,
      name: params.index,
      given: given as Options,
    });
    await sendJson(reply, { type: 'indexconfig', result: showIndex(index) });
  });

  route(app, operations.modifyIndex, async (request, params, reply) => {
    const index = await modifyIndex(context, {
      identity: request.identity,
      user: params.user,
      name: params.index,
      body: readJson(request),
      errorOnNoop: hasQuery(request, 'error_on_noop'),
    });
    await sendJson(reply, { type: 'indexconfig', result: showIndex(index) });
  });

  route(app, operations.deleteIndex, async (request, params, reply) => {
    await deleteIndex(context, { identity: request.identity, user: params.user, name: params.index });
    await sendJson(reply, { message: `index ${params.user}/${params.index} deleted` }, 201);
  });
}
