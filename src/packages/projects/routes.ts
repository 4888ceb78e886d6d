import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import { readBody } from '#kernel/http/json-body.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import type { PackagesContext } from '../context.ts';
import { operations, Unyank, Yank } from '../contract.ts';
import { packagesErrors } from '../errors.ts';
import { getIndex } from '../indexes/find.ts';
import { fullName } from '../model/index.ts';
import { explainProject } from '../inheritance/explain.ts';
import { isPrivate, readReading, viewOf, type View } from '../inheritance/reading.ts';
import { hasQuery, route, sendJson } from '#kernel/http/route.ts';
import { indexUrl } from '../index-url.ts';
import { markPrivate } from '../private-answer.ts';
import { isInstaller } from '#kernel/http/audience.ts';
import { asksForSimple } from '../simple/negotiate.ts';
import { readProjectData } from '../inheritance/project-json.ts';
import { removeProject, removeRelease } from '../removal/remove.ts';
import { checkProjectName } from './check-project-name.ts';
import { releaseNotFound } from './release-not-found.ts';
import { yank } from './yank.ts';

interface ProjectParams {
  readonly user: string;
  readonly index: string;
  readonly project: string;
}

/** Routes of projects and releases (reference devpi.md 1.9), and yanking, which devpi has not. */
export function projectRoutes(app: FastifyInstance, context: PackagesContext): void {
  const { db } = context;

  async function readView(
    request: FastifyRequest,
    { user, index: name }: ProjectParams,
    reply: FastifyReply,
  ): Promise<View> {
    const reading = await readReading(context, { user, name });
    if (isPrivate(reading)) markPrivate(reply.raw);
    return viewOf(context, reading, request.identity);
  }

  async function readVersions(request: FastifyRequest, params: ProjectParams, reply: FastifyReply) {
    const versions = await readProjectData(context, {
      view: await readView(request, params, reply),
      project: params.project,
      ignoreBases: hasQuery(request, 'ignore_bases'),
      baseUrl: request.outsideUrl,
    });
    if (versions === undefined) {
      throw new AppError(packagesErrors.projectNotFound, `no project '${params.project}'`);
    }
    return versions;
  }

  /** Sends installers to the simple page and everybody to the normalized name; false if neither was needed. */
  async function redirect(
    request: FastifyRequest,
    params: ProjectParams,
    reply: FastifyReply,
  ): Promise<boolean> {
    checkProjectName(params.project);
    const project = normalizeProjectName(params.project);
    const base = indexUrl(request.outsideUrl, params.user, params.index);
    const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : '';
    const { accept, 'user-agent': userAgent } = request.headers;
    if (asksForSimple(accept) || isInstaller(userAgent))
      await reply.redirect(`${base}/+simple/${project}/`, 302);
    else if (project !== params.project) await reply.redirect(`${base}/${project}${query}`, 302);
    else return false;
    return true;
  }

  route(app, operations.readProject, async (request, params, reply) => {
    if (await redirect(request, params, reply)) return;
    await sendJson(reply, { type: 'projectconfig', result: await readVersions(request, params, reply) });
  });

  route(app, operations.explainProject, async (request, params, reply) => {
    checkProjectName(params.project);
    const view = await readView(request, params, reply);
    const project = normalizeProjectName(params.project);
    const { file } = request.query as { readonly file?: string };
    const filename = file === undefined ? undefined : String(file);
    const indexes = await explainProject(context, view, { project, filename });
    const isVisible = indexes.some((each) =>
      filename === undefined ? each.isVisible : each.file === 'served',
    );
    await sendJson(reply, { index: fullName(view.index), project, file: filename, isVisible, indexes });
  });

  route(app, operations.readRelease, async (request, params, reply) => {
    checkProjectName(params.project);
    const project = normalizeProjectName(params.project);
    const versions = await readVersions(request, { ...params, project }, reply);
    // Own keys only: the version in the path may be `constructor`.
    if (!Object.hasOwn(versions, params.version)) throw releaseNotFound(project, params.version);
    await sendJson(reply, { type: 'versiondata', result: versions[params.version] });
  });

  route(app, operations.removeProject, async (request, params, reply) => {
    const project = normalizeProjectName(params.project);
    const index = await getIndex(db, params.user, params.index);
    await removeProject(context, {
      identity: request.identity,
      index,
      project,
      force: hasQuery(request, 'force'),
    });
    await sendJson(reply, {
      message: `project ${project} deleted from stage ${params.user}/${params.index}`,
    });
  });

  route(app, operations.removeRelease, async (request, params, reply) => {
    const { version } = params;
    const project = normalizeProjectName(params.project);
    const index = await getIndex(db, params.user, params.index);
    const force = hasQuery(request, 'force');
    await removeRelease(context, { identity: request.identity, index, project, version, force });
    await sendJson(reply, { message: `project '${project}' version '${version}' deleted` });
  });

  route(app, operations.yank, async (request, params, reply) => {
    const { reason, filenames } = request.body === undefined ? Yank.parse({}) : readBody(request, Yank);
    await sendYanked(request, params, reply, { reason, filenames });
  });

  route(app, operations.unyank, async (request, params, reply) => {
    const { filenames } = request.body === undefined ? {} : readBody(request, Unyank);
    await sendYanked(request, params, reply, { reason: null, filenames });
  });

  async function sendYanked(
    request: FastifyRequest,
    params: ProjectParams & { readonly version: string },
    reply: FastifyReply,
    change: { readonly reason: string | null; readonly filenames: readonly string[] | undefined },
  ): Promise<void> {
    const index = await getIndex(db, params.user, params.index);
    const project = normalizeProjectName(params.project);
    const { identity } = request;
    const filenames = await yank(context, { identity, index, project, version: params.version, ...change });
    await sendJson(reply, { filenames });
  }
}
