import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pageNumber } from '#web/components/table.ts';
import { page } from '#web/serving/routes.ts';
import type { PackagesContext } from '../context.ts';
import type { ProjectLists } from '../lists/project-lists.ts';
import type { Index } from '../model/index.ts';
import { indexPageOperations as operations } from '../index-page-operations.ts';
import { listProjects, type ListProjects } from './list-projects.ts';
import {
  indexPage,
  inheritedSide,
  permissionsSide,
  projectsSide,
  UPSTREAM_NAMES,
  useSide,
  type Side,
} from './pages.ts';
import { readOverview, type Overview } from './read-overview.ts';

interface IndexParams {
  readonly user: string;
  readonly index: string;
}

const SORTS = ['name', '-name', 'changed', '-changed'] as const;

/** Pages that show an index. */
export function overviewPageRoutes(
  app: FastifyInstance,
  context: PackagesContext,
  lists: ProjectLists,
): void {
  async function readProjects(request: FastifyRequest, overview: Overview, scope?: ListProjects['scope']) {
    const {
      filter = '',
      sort = '',
      of = 'all',
    } = request.query as Readonly<Record<string, string | undefined>>;
    const text = String(filter).trim().slice(0, 200);
    const query: ListProjects = {
      scope: scope ?? (of === 'own' || of === 'inherited' ? of : 'all'),
      filter: text,
      sort: SORTS.find((each) => each === sort) ?? 'name',
      page: pageNumber(request.query),
    };
    const list = await listProjects(context, overview.view, query);
    const isSearch = overview.index.type === 'mirror' && text !== '';
    const upstream = isSearch ? findNames(await knownNames(overview.index), text.toLowerCase()) : undefined;
    return {
      list,
      side: projectsSide(overview, list, {
        ...query,
        here: request.url,
        upstream,
        isOfBases: scope === 'inherited',
      }),
    };
  }

  /** Undefined also where nobody has said which upstream it is. */
  async function knownNames(mirror: Index): Promise<string | undefined> {
    if (typeof mirror.options['mirror_url'] !== 'string') return undefined;
    return (await lists.knownNames(mirror))?.lines;
  }

  const show = async (
    side: Side,
    { request, reply, params }: { request: FastifyRequest; reply: FastifyReply; params: IndexParams },
    content: (
      overview: Overview,
      list: Awaited<ReturnType<typeof readProjects>>,
    ) => ReturnType<typeof useSide>,
  ) => {
    const overview = await readOverview(context, lists, { request, reply, params });
    const listed = await readProjects(request, overview, side === 'inherited' ? 'inherited' : undefined);
    return indexPage(overview, {
      side,
      counts: listed.list.counts,
      content: content(overview, listed),
    });
  };

  page(app, context, operations.showIndex, (request, params, _subject, reply) =>
    show('projects', { request, reply, params }, (_overview, { side }) => side),
  );
  page(app, context, operations.showInherited, (request, params, _subject, reply) =>
    show('inherited', { request, reply, params }, (overview, { side }) => inheritedSide(overview, side)),
  );
  page(app, context, operations.showUse, (request, params, _subject, reply) =>
    show('use', { request, reply, params }, useSide),
  );
  page(app, context, operations.showPermissions, (request, params, _subject, reply) =>
    show('permissions', { request, reply, params }, permissionsSide),
  );
}

/** The first of the names, one a line, that have the text in them. */
function findNames(lines: string | undefined, text: string): string[] | undefined {
  if (lines === undefined) return undefined;
  const found: string[] = [];
  for (let at = lines.indexOf(text); at >= 0 && found.length < UPSTREAM_NAMES;) {
    const start = lines.lastIndexOf('\n', at) + 1;
    const end = lines.indexOf('\n', at);
    found.push(lines.slice(start, end < 0 ? undefined : end));
    at = end < 0 ? -1 : lines.indexOf(text, end);
  }
  return found;
}
