import type { FastifyInstance } from 'fastify';
import type { Context } from '#kernel/context.ts';
import { isNamed, parseWeighted, prefersJson } from '#kernel/http/accept.ts';
import { outsideUrl } from '#kernel/http/outside-url.ts';
import { operations } from '../contract.ts';
import { getIndex } from '../indexes/find.ts';
import { fullName } from '../indexes/store.ts';
import { removeFile } from '../projects/remove.ts';
import { getProjectById } from '../projects/store.ts';
import { hasQuery, route, sendJson } from '../route.ts';
import { getFileAt, getServedFile, type ServedFileCache } from './find-served.ts';
import { sendFile } from './send-file.ts';

/** Routes of files; the hot path answers before them what was asked before. */
export function fileRoutes(app: FastifyInstance, context: Context, cache: ServedFileCache): void {
  const { db, files } = context;

  route(app, operations.readFile, async (request, params, reply) => {
    const address = { user: params.user, index: params.index, relpath: params['*'] };
    if (asksForMetadata(request.headers.accept)) {
      const file = await getFileAt(db, address);
      const project = await getProjectById(db, file.projectId);
      const base = outsideUrl(request.headers, context.config['outside-url']);
      const result = {
        last_modified: new Date(file.uploadedAt).toUTCString(),
        hash_spec: `sha256=${file.sha256}`,
        hashes: { sha256: file.sha256, md5: file.md5 },
        project: project.name,
        version: file.version,
        url: `${base}${request.url.split('?')[0]}`,
      };
      await sendJson(reply, { type: 'releasefilemeta', result });
      return;
    }
    if (!context.events.isLive) cache.clear();
    const file = await cache.get(request.url.split('?')[0] ?? '', () => getServedFile(db, address));
    reply.hijack();
    try {
      await sendFile(request.raw, reply.raw, files, file, []);
    } catch (error) {
      request.log.error({ err: error, sha256: file.sha256 }, 'cannot send a stored file');
      reply.raw.destroy();
    }
  });

  route(app, operations.removeFile, async (request, params, reply) => {
    const index = await getIndex(db, params.user, params.index);
    const relpath = params['*'];
    await removeFile(context, {
      identity: request.identity,
      index,
      relpath,
      force: hasQuery(request, 'force'),
    });
    await sendJson(reply, { message: `package '${fullName(index)}/+f/${relpath}' deleted` });
  });
}

/** True if the request asks by name for JSON, which tells of the file instead of sending it. */
export function asksForMetadata(accept: string | undefined): boolean {
  if (accept === undefined || accept === '*/*') return false;
  return isNamed(parseWeighted(accept), 'application/json') && prefersJson(accept);
}
