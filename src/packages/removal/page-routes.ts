import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import { chooseVersion } from '#python/names/choose-version.ts';
import { parseFilename } from '#python/names/filename.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { readForm, refusalOf } from '#web/serving/read-form.ts';
import { page } from '#web/serving/routes.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { indexPageOperations as operations } from '../index-page-operations.ts';
import { isPrivate, readReading, viewOf } from '../inheritance/reading.ts';
import { encodePathSegment } from '../model/file-path.ts';
import { indexHref } from '../model/index-href.ts';
import type { Index } from '../model/index.ts';
import type { IndexSubject } from '../policy.ts';
import { markPrivate } from '../private-answer.ts';
import { addressOf } from '../projects/file-address.ts';
import { releaseNotFound } from '../projects/release-not-found.ts';
import { findFile, findProject, findRelease, listFiles, listReleases } from '../projects/store.ts';
import { yank } from '../projects/yank.ts';
import type { PageCache } from '../simple/page-cache.ts';
import { refreshProject } from '../simple/refresh-project.ts';
import { refreshPage, removePage, typedName, unyankPage, yankPage, type Matter } from './pages.ts';
import { removeFile, removeProject, removeRelease } from './remove.ts';
import { listKeptFiles } from './store.ts';

interface Asked {
  readonly project: string;
  readonly version?: string;
}

/** Questions before something is yanked, removed or asked anew, and what is done when they are answered. */
export function removalPageRoutes(
  app: FastifyInstance,
  context: PackagesContext,
  { cache }: { readonly cache: PageCache },
): void {
  const { db } = context;

  page(app, context, operations.showYank, async (_request, params, { index }: IndexSubject) =>
    yankPage(await readMatter(index, params), {}),
  );

  page(app, context, operations.sendYank, async (request, params, { index }: IndexSubject) => {
    const input = readForm(request);
    const matter = await readMatter(index, params);
    const reason = (input['reason'] ?? '').trim();
    if (reason.length > MAX_REASON) {
      return yankPage(matter, input, { fields: { reason: `At most ${MAX_REASON} characters.` } });
    }
    await changeYank(request, matter, reason);
    return { seeOther: indexHref(index, matter.project, params.version) };
  });

  page(app, context, operations.showUnyank, async (_request, params, { index }: IndexSubject) =>
    unyankPage(await readMatter(index, params)),
  );

  page(app, context, operations.sendUnyank, async (request, params, { index }: IndexSubject) => {
    const matter = await readMatter(index, params);
    await changeYank(request, matter, null);
    return { seeOther: indexHref(index, matter.project, params.version) };
  });

  async function changeYank(
    { identity }: FastifyRequest,
    matter: Matter,
    reason: string | null,
  ): Promise<void> {
    const { index, project, version = '' } = matter;
    await yank(context, { identity, index, project, version, reason });
  }

  page(app, context, operations.showReleaseRemoval, async (request, params, { index }: IndexSubject) =>
    removePage(await readMatter(index, params, filenameIn(request))),
  );

  page(app, context, operations.sendReleaseRemoval, async (request, params, { index }: IndexSubject) => {
    const matter = await readMatter(index, params, filenameIn(request));
    const { project, filename } = matter;
    const { version } = params;
    return await removing(request, matter, async (remove) => {
      if (filename === undefined) await removeRelease(context, { ...remove, project, version });
      else await removeFile(context, { ...remove, relpath: await relpathOf(matter, filename) });
    });
  });

  page(app, context, operations.showProjectRemoval, async (_request, params, { index }: IndexSubject) =>
    removePage(await readMatter(index, params)),
  );

  page(app, context, operations.sendProjectRemoval, async (request, params, { index }: IndexSubject) => {
    const matter = await readMatter(index, params);
    return await removing(request, matter, async (remove) => {
      await removeProject(context, { ...remove, project: matter.project });
    });
  });

  /** What was typed is the force that the API asks for. */
  async function removing(
    request: FastifyRequest,
    matter: Matter,
    run: (remove: {
      readonly identity: FastifyRequest['identity'];
      readonly index: Index;
      readonly force: true;
    }) => Promise<void>,
  ) {
    const { index } = matter;
    if (index.type === 'stage' && readForm(request)['typed'] !== typedName(matter)) {
      return removePage(matter, { fields: { typed: `This is not ${typedName(matter)}.` } });
    }
    try {
      await run({ identity: request.identity, index, force: true });
      return { seeOther: await nearestLeft(matter) };
    } catch (error) {
      return removePage(matter, refusalOf(error));
    }
  }

  /** The page of what is still there: the release, the project, or the index. */
  async function nearestLeft({ index, project, version, filename }: Matter): Promise<string> {
    if (index.type === 'mirror') return indexHref(index, project);
    const found = await findProject(db, index.id, project);
    if (found === undefined) return indexHref(index);
    const release =
      version !== undefined && filename !== undefined && (await findRelease(db, found.id, version));
    return release ? indexHref(index, project, release.version) : indexHref(index, project);
  }

  /** Throws 404 if it is not on the index itself: what is inherited is removed where it is. */
  async function readMatter(index: Index, asked: Asked, filename?: string): Promise<Matter> {
    const name = normalizeProjectName(asked.project);
    const { version } = asked;
    const shared = { index, project: name, ...(version !== undefined && { version }) };
    const ofFile = filename === undefined ? {} : { filename };
    if (index.type === 'mirror') {
      const kept = await listKeptFiles(db, index.id, name);
      const all = kept.map(({ relpath, bytes }) => ({
        filename: relpath.split('/').at(-1) ?? relpath,
        bytes,
        yanked: null,
      }));
      const files = all.filter(
        (file) =>
          (version === undefined || parseFilename(file.filename, name)?.version === version) &&
          (filename === undefined || file.filename === filename),
      );
      return { ...shared, ...ofFile, files, releases: 0, instead: undefined };
    }
    const project = await findProject(db, index.id, name);
    if (project === undefined) {
      throw new AppError(
        packagesErrors.projectNotFound,
        `${index.user}/${index.name} itself has no project ${name}`,
      );
    }
    const release = version === undefined ? undefined : await findRelease(db, project.id, version);
    if (version !== undefined && release === undefined) throw releaseNotFound(name, version);
    const all = await listFiles(db, [project.id]);
    const files = all
      .filter((file) => release === undefined || file.releaseId === release.id)
      .filter((file) => filename === undefined || file.filename === filename);
    if (filename !== undefined && files.length === 0) {
      throw new AppError(
        packagesErrors.fileNotFound,
        `release ${version} has no file ${filename.slice(0, 255)}`,
      );
    }
    const others = Map.groupBy(
      all.filter((file) => file.releaseId !== release?.id),
      (file) => file.version,
    );
    const candidates = [...others].map(([each, some]) => ({
      version: each,
      isYanked: some.every(({ yanked }) => yanked !== null),
    }));
    const instead = chooseVersion(candidates.filter(({ isYanked }) => !isYanked));
    return {
      ...shared,
      ...ofFile,
      files: files.map(({ filename: each, size, yanked }) => ({ filename: each, bytes: size, yanked })),
      releases: (await listReleases(db, project.id)).length,
      instead: instead?.version,
    };
  }

  /** Where the file is below `+f/`. */
  async function relpathOf({ index, project }: Matter, filename: string): Promise<string> {
    if (index.type === 'mirror') {
      const kept = (await listKeptFiles(db, index.id, project)).find(({ relpath }) =>
        relpath.endsWith(`/${filename}`),
      );
      return kept?.relpath.replace(/^\+f\//, '') ?? encodePathSegment(filename);
    }
    const file = await findFile(db, index.id, filename);
    if (file === undefined)
      throw new AppError(packagesErrors.fileNotFound, `no file ${filename.slice(0, 255)}`);
    return addressOf(index, file).split('/+f/')[1] ?? '';
  }

  page(app, context, operations.showRefresh, async (_request, params, { index }: IndexSubject, reply) => {
    const reading = await readReading(context, index);
    if (isPrivate(reading)) markPrivate(reply.raw);
    return refreshPage({ index, project: normalizeProjectName(params.project) });
  });

  page(app, context, operations.sendRefresh, async (request, params, { index }: IndexSubject, reply) => {
    const project = normalizeProjectName(params.project);
    const reading = await readReading(context, index);
    if (isPrivate(reading)) markPrivate(reply.raw);
    const view = viewOf(context, reading, request.identity);
    await refreshProject(context, cache, { view, project });
    return { seeOther: indexHref(index, project) };
  });
}

const MAX_REASON = 1000;

function filenameIn({ query }: FastifyRequest): string | undefined {
  const { file } = query as { readonly file?: string | readonly string[] };
  return typeof file === 'string' && file !== '' ? file : undefined;
}
