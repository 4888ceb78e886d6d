import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import { matchesEtag } from '#kernel/http/etag.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import type { PackagesContext } from '../context.ts';
import { operations } from '../contract.ts';
import { packagesErrors } from '../errors.ts';
import { readProjectData } from '../inheritance/project-json.ts';
import { findSources } from '../inheritance/read-sources.ts';
import { isPrivate, readReading, viewOf, type View } from '../inheritance/reading.ts';
import type { MirrorFiles } from '../mirror/mirror-files.ts';
import { markPrivate } from '../private-answer.ts';
import { checkProjectName } from '../projects/check-project-name.ts';
import { findRelease } from '../projects/store.ts';
import { releaseNotFound } from '../projects/release-not-found.ts';
import { describeProject, type ProjectJson } from './describe-project.ts';

interface Asked {
  readonly user: string;
  readonly index: string;
  readonly project: string;
  readonly version?: string;
}

/**
 * PyPI's JSON API of an index, at the addresses that tools make of the address of an index: Renovate and Dependabot put
 * `PROJECT/json` behind it, behind `+simple/` as well, bandersnatch `pypi/PROJECT/json`.
 */
export function jsonApiRoutes(app: FastifyInstance, given: PackagesContext, mirrorFiles: MirrorFiles): void {
  const context = { ...given, mirrorFiles };

  async function readView(request: FastifyRequest, asked: Asked, reply: FastifyReply): Promise<View> {
    checkProjectName(asked.project);
    const reading = await readReading(context, { user: asked.user, name: asked.index });
    if (isPrivate(reading)) markPrivate(reply.raw);
    return viewOf(context, reading, request.identity);
  }

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: Asked,
    known?: View,
  ): Promise<void> {
    const view = known ?? (await readView(request, asked, reply));
    const { project, version } = asked;
    const found = await describeProject(context, {
      view,
      project: normalizeProjectName(project),
      ...(version !== undefined && { version }),
      baseUrl: request.outsideUrl,
    });
    if (found !== undefined) await send(request, reply, found, isPrivate(view));
    else if (version !== undefined) throw releaseNotFound(project, version);
    else throw new AppError(packagesErrors.projectNotFound, `no project '${project}'`);
  }

  /** True if a stage has a release of just this name: its address is as old as devpi. */
  async function isRelease(view: View, project: string, version: string): Promise<boolean> {
    const { stages } = await findSources(context.db, view, { project });
    for (const { projectId } of stages) {
      if ((await findRelease(context.db, projectId, version)) !== undefined) return true;
    }
    return false;
  }

  route(app, operations.readProjectJson, async (request, params, reply) => {
    const view = await readView(request, params, reply);
    const project = normalizeProjectName(params.project);
    // A version may be called `json`.
    if (await isRelease(view, project, 'json')) {
      const baseUrl = request.outsideUrl;
      const versions = await readProjectData(context, { view, project, ignoreBases: false, baseUrl });
      await sendJson(reply, { type: 'versiondata', result: versions?.['json'] });
    } else await answer(request, reply, params, view);
  });
  route(app, operations.readReleaseJson, (request, params, reply) => answer(request, reply, params));
  route(app, operations.readSimpleJson, (request, params, reply) => answer(request, reply, params));
  route(app, operations.readPypiJson, async (request, params, reply) => {
    const view = await readView(request, params, reply);
    const version = params.project;
    // A project may be called `pypi`.
    const isVersion = await isRelease(view, 'pypi', version);
    await answer(request, reply, isVersion ? { ...params, project: 'pypi', version } : params, view);
  });
  route(app, operations.readPypiReleaseJson, (request, params, reply) => answer(request, reply, params));
}

/** The tag is weak: the serial grows with every event of the server, and is not part of it. */
async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  project: ProjectJson,
  isOfReaders: boolean,
): Promise<void> {
  const { last_serial: serial, ...rest } = project;
  const etag = `"${createHash('sha256').update(JSON.stringify(rest)).digest('hex').slice(0, 32)}"`;
  if (!isOfReaders) void reply.header('cache-control', 'no-cache');
  void reply.header('etag', `W/${etag}`).header('x-pypi-last-serial', serial);
  if (matchesEtag(request.headers['if-none-match']?.replaceAll('W/', ''), etag)) await reply.code(304).send();
  else await sendJson(reply, project);
}
