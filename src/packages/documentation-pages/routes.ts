import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { route } from '#kernel/http/route.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { ArchiveRejected } from '#python/archive-rejected.ts';
import type { PackagesContext } from '../context.ts';
import { operations } from '../contract.ts';
import { packagesErrors } from '../errors.ts';
import { isPrivate, readReading, viewOf } from '../inheritance/reading.ts';
import { encodePathSegment } from '../model/file-path.ts';
import { markPrivate } from '../private-answer.ts';
import { checkProjectName } from '../projects/check-project-name.ts';
import type { DocumentationFiles } from './documentation-files.ts';
import { documentationNotFound, findShownDocumentation } from './find-documentation.ts';
import { sendDocumentationFile } from './send-documentation.ts';

interface Address {
  readonly user: string;
  readonly index: string;
  readonly project: string;
  readonly version: string;
  /** What follows `+doc/`, decoded. */
  readonly path: string;
}

/** Files of documentation, out of the zip that was uploaded. */
export function documentationRoutes(
  app: FastifyInstance,
  context: PackagesContext,
  files: DocumentationFiles,
): void {
  async function answer(request: FastifyRequest, reply: FastifyReply, given: Address): Promise<void> {
    const { path, version } = given;
    // Also an error below this address must not be taken for something else.
    reply.raw.setHeader('X-Content-Type-Options', 'nosniff');
    checkProjectName(given.project);
    const project = normalizeProjectName(given.project);
    const reading = await readReading(context, { user: given.user, name: given.index });
    if (isPrivate(reading)) markPrivate(reply.raw);
    const view = viewOf(context, reading, request.identity);
    const found = await findShownDocumentation(context, view, { project, version });
    if (found === undefined) throw documentationNotFound(project, version);
    const contents = await readContents(found.documentation);
    const file = contents.get(path);
    if (file === undefined) {
      const page = [path.replace(/\/$/, ''), 'index.html'].filter((part) => part !== '').join('/');
      if (path !== '' && !contents.has(page)) throw noSuchFile(path, found.documentation.filename);
      const below = [given.user, given.index, given.project, version, '+doc', ...page.split('/')];
      const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : '';
      const address = `${request.outsideUrl}/${below.map(encodePathSegment).join('/')}${query}`;
      await reply.redirect(address, 302);
      return;
    }
    await sendDocumentationFile(request, reply, {
      zip: found.documentation,
      path,
      file,
      files,
      isPrivate: isPrivate(reading),
    });
  }

  async function readContents(
    documentation: Parameters<DocumentationFiles['contents']>[0] & { filename: string },
  ) {
    try {
      return await files.contents(documentation);
    } catch (error) {
      if (!(error instanceof ArchiveRejected)) throw error;
      const detail = `${documentation.filename} cannot be read: ${error.message}`;
      throw new AppError(packagesErrors.documentationNotFound, detail, { cause: error });
    }
  }

  route(app, operations.readDocumentation, (request, params, reply) =>
    answer(request, reply, { ...params, path: params['*'] }),
  );
  route(app, operations.readDocumentationStart, (request, params, reply) =>
    answer(request, reply, { ...params, path: '' }),
  );
}

function noSuchFile(path: string, filename: string): AppError {
  return new AppError(
    packagesErrors.documentationNotFound,
    `there is no '${path.slice(0, 200)}' in ${filename}`,
  );
}
