import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { PackagesContext } from '../context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { readJson } from '#kernel/http/json-body.ts';
import { operations } from '../contract.ts';
import type { ProjectLists } from '../lists/project-lists.ts';
import { listCachedProjects } from '../mirror/store.ts';
import { listProjectNames } from '../projects/store.ts';
import { hasQuery, route, sendJson } from '#kernel/http/route.ts';
import { indexUrl } from '../index-url.ts';
import { isInstaller } from '#kernel/http/audience.ts';
import { asksForSimple } from '../simple/negotiate.ts';
import { isRestricted } from '../policy.ts';
import { markPrivate } from '../private-answer.ts';
import { createIndex } from './create-index.ts';
import { deleteIndex } from './delete-index.ts';
import { getIndex } from './find.ts';
import { modifyIndex } from './modify-index.ts';
import { type Index, type Options, fullName } from '../model/index.ts';
import { showIndex } from './show-index.ts';

/** Routes of indexes, as devpi-client speaks them (reference devpi.md 1.6). */
export function indexRoutes(app: FastifyInstance, context: PackagesContext, lists: ProjectLists): void {
  const { db } = context;

  route(app, operations.readIndex, async (request, params, reply) => {
    const { accept, 'user-agent': userAgent } = request.headers;
    if (asksForSimple(accept) || isInstaller(userAgent)) {
      const baseUrl = request.outsideUrl;
      await reply.redirect(`${indexUrl(baseUrl, params.user, params.index)}/+simple/`, 302);
      return;
    }
    const index = await getIndex(db, params.user, params.index);
    if (isRestricted(context, index)) markPrivate(reply.raw);
    const shown = showIndex(index);
    if (hasQuery(request, 'no_projects')) await sendJson(reply, { type: 'indexconfig', result: shown });
    else await sendWithProjects(request, reply, index, shown);
  });

  /** devpi's filter and paging: `q`, `total`, `cached`, `limit`, `offset` (reference devpi.md 0.2). */
  async function sendWithProjects(
    request: FastifyRequest,
    reply: FastifyReply,
    index: Index,
    shown: Record<string, unknown>,
  ): Promise<void> {
    const { q = '', limit, offset } = request.query as Readonly<Record<string, string | undefined>>;
    const paging = { limit: readCount(limit) ?? Infinity, offset: readCount(offset) ?? 0 };
    const isMirror = index.type === 'mirror';
    const cached =
      isMirror && hasQuery(request, 'cached') ? await listCachedProjects(db, index.id) : undefined;
    const names = isMirror ? await mirrorNames(index) : await listProjectNames(db, [index.id]);
    const counted = { total: 0 };
    const body = writeEnvelope({
      shown: { ...shown, ...(limit !== undefined && paging) },
      projects: selectNames(names, { q, ...paging }, counted),
      // Known only when the names have been written.
      rest: () => ({
        ...(hasQuery(request, 'total') && counted),
        ...(cached !== undefined && { cached: cached.filter((name) => name.includes(q)) }),
      }),
    });
    await reply.header('content-type', 'application/json').send(Readable.from(body, { objectMode: false }));
  }

  /** The configuration must be readable while upstream is down: then the names are those that were asked for before. */
  async function mirrorNames(mirror: Index) {
    try {
      return await lists.names(mirror);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      context.log.warn({ index: fullName(mirror), err: error }, 'a mirror gave no list of projects');
      return await listCachedProjects(db, mirror.id);
    }
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

function readCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new AppError(kernelErrors.badRequest, 'limit and offset must be integers');
}

type Names = Iterable<string> | AsyncIterable<string>;

async function* selectNames(
  names: Names,
  { q, limit, offset }: { readonly q: string; readonly limit: number; readonly offset: number },
  counted: { total: number },
): AsyncIterable<string> {
  for await (const name of names) {
    if (!name.includes(q)) continue;
    if (counted.total >= offset && counted.total - offset < limit) yield name;
    counted.total += 1;
  }
}

/** Written piece by piece: a mirror may list a million projects. */
async function* writeEnvelope(parts: {
  readonly shown: Record<string, unknown>;
  readonly projects: AsyncIterable<string>;
  readonly rest: () => Record<string, unknown>;
}): AsyncIterable<string> {
  let piece = `{"type": "indexconfig", "result": ${JSON.stringify(parts.shown).slice(0, -1)}, "projects": [`;
  let isFirst = true;
  for await (const name of parts.projects) {
    piece += `${isFirst ? '' : ', '}${JSON.stringify(name)}`;
    isFirst = false;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  const rest = Object.entries(parts.rest()).map(
    ([key, value]) => `, ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  yield `${piece}]${rest.join('')}}}\n`;
}

const PIECE = 64 * 1024;
