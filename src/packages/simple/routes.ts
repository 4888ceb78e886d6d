import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { isProjectName, normalizeProjectName } from '#python/names/project-name.ts';
import type { PackagesContext } from '../context.ts';
import { operations } from '../contract.ts';
import { packagesErrors } from '../errors.ts';
import { fullName } from '../model/index.ts';
import { isPrivate, readReading, viewOf, type View } from '../inheritance/reading.ts';
import type { ProjectLists } from '../lists/project-lists.ts';
import { listProjectNames } from '../projects/store.ts';
import { route } from '#kernel/http/route.ts';
import { indexUrl } from '../index-url.ts';
import { markPrivate } from '../private-answer.ts';
import { choosePageType, type PageType } from './negotiate.ts';
import type { PageCache, PageKey } from './page-cache.ts';
import { readProjectPage } from './project-page.ts';
import { renderListHtml, renderProjectHtml } from './render-html.ts';
import { renderListJson, renderProjectJson } from './render-json.ts';
import { freshPage, pageHeaders, RenderedPage } from './rendered-page.ts';
import { sendList } from '../lists/send-list.ts';
import { refreshProject } from './refresh-project.ts';
import { sendPage, type Negotiation } from './send-page.ts';

export interface SimplePages {
  readonly cache: PageCache;
  readonly negotiation: Negotiation;
}

/** Routes of the simple API; the hot path answers before them what the cache holds. */
export function simpleRoutes(
  app: FastifyInstance,
  context: PackagesContext,
  { cache, negotiation, lists }: SimplePages & { readonly lists: ProjectLists },
): void {
  const { db } = context;

  route(app, operations.listSimple, async (request, params, reply) => {
    if (await addSlash(request, reply)) return;
    const reading = await readReading(context, { user: params.user, name: params.index });
    if (isPrivate(reading)) markPrivate(reply.raw);
    const view = viewOf(context, reading, request.identity);
    if (view.order.some(({ type }) => type === 'mirror')) {
      const type = chooseType(request);
      const coding = negotiation.codingOf(request.headers['accept-encoding']);
      await sendList(request.raw, reply.raw, await lists.page(view), {
        type,
        coding,
        isPrivate: isPrivate(reading),
      });
      reply.hijack();
      return;
    }
    const key = { index: fullName(view.index) };
    await answer(request, reply, key, async (seen) => {
      const ids = seen.order.map(({ id }) => id).filter((id) => !seen.hidden.has(id));
      const names = await listProjectNames(db, ids);
      return new RenderedPage(
        (isJson) => (isJson ? renderListJson(names) : renderListHtml(key.index, names)),
        freshPage(isPrivate(seen)),
      );
    });
  });

  route(app, operations.readSimple, async (request, params, reply) => {
    if (!isProjectName(params.project)) throw noSuchProject(params.project);
    if (await addSlash(request, reply)) return;
    const project = normalizeProjectName(params.project);
    const key = { index: `${params.user}/${params.index}`, project };
    await answer(request, reply, key, async (view) => {
      const page = await readProjectPage(context, view, project);
      if (page === undefined) throw noSuchProject(project);
      return new RenderedPage((isJson) => (isJson ? renderProjectJson(page) : renderProjectHtml(page)), {
        freshUntil: page.freshUntil,
        headers: pageHeaders(
          page,
          { type: view.index.type, isPrivate: isPrivate(view) },
          context.clock.now(),
        ),
        isPrivate: isPrivate(view),
        modelBytes: page.files.length * BYTES_A_FILE,
      });
    });
  });

  route(app, operations.refreshProject, async (request, params, reply) => {
    if (!isProjectName(params.project)) throw noSuchProject(params.project);
    const project = normalizeProjectName(params.project);
    const reading = await readReading(context, { user: params.user, name: params.index });
    if (isPrivate(reading)) markPrivate(reply.raw);
    const view = viewOf(context, reading, request.identity);
    await refreshProject(context, cache, { view, project });
    const base = request.outsideUrl;
    await reply.redirect(`${indexUrl(base, params.user, params.index)}/+simple/${project}/`, 302);
  });

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    key: PageKey,
    load: (view: View) => Promise<RenderedPage>,
  ): Promise<void> {
    const type = chooseType(request);
    if (!context.events.isLive) cache.clear();
    const [user = '', name = ''] = key.index.split('/');
    const page = await cache.get(key, context.clock.now(), {
      reading: () => readReading(context, { user, name }),
      view(reading) {
        if (isPrivate(reading)) markPrivate(reply.raw);
        return viewOf(context, reading, request.identity);
      },
      page: load,
    });
    const form = await page.get(type, negotiation.codingOf(request.headers['accept-encoding']));
    sendPage(request.raw, reply.raw, { type, form, headers: page.headers, isPrivate: page.isPrivate }, []);
    reply.hijack();
  }

  /** `?format=` wins over Accept (PEP 691). */
  function chooseType(request: FastifyRequest): PageType {
    const { format } = request.query as { readonly format?: string };
    const type = format === undefined ? negotiation.typeOf(request.headers.accept) : choosePageType(format);
    if (type !== undefined) return type;
    throw new AppError(kernelErrors.notAcceptable, 'the simple API is served as PEP 691 JSON or HTML only', {
      hint: 'accept application/vnd.pypi.simple.v1+json or text/html',
    });
  }

  /** The links of a page are relative, so its address must end in a slash (PEP 503). */
  async function addSlash(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    const [path = '', query] = request.url.split('?');
    if (path.endsWith('/')) return false;
    const base = request.outsideUrl;
    await reply.redirect(`${base}${path}/${query === undefined ? '' : `?${query}`}`, 302);
    return true;
  }
}

/** What the strings of one file take in memory, roughly. */
const BYTES_A_FILE = 700;

function noSuchProject(project: string): AppError {
  return new AppError(packagesErrors.projectNotFound, `The project ${project.slice(0, 100)} does not exist.`);
}
