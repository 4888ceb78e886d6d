import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { PackagesContext } from '../context.ts';
import { isNamed, parseWeighted, prefersJson } from '#kernel/http/accept.ts';
import { operations } from '../contract.ts';
import { getIndex } from '../indexes/find.ts';
import { findIndex } from '../indexes/store.ts';
import { answerMirrorFile } from '../mirror/answer-file.ts';
import { bestHash } from '../mirror/link.ts';
import type { MirrorFiles } from '../mirror/mirror-files.ts';
import { findMirrorFile } from '../mirror/store.ts';
import { removeFile } from '../removal/remove.ts';
import { getProjectById } from '../projects/store.ts';
import { hasQuery, route, sendJson } from '#kernel/http/route.ts';
import { authorizeReading, isRestricted } from '../policy.ts';
import { markPrivate } from '../private-answer.ts';
import { getServedFile } from './find-served.ts';
import { getFileAt } from '../projects/file-address.ts';
import { sendFile } from './send-file.ts';
import type { ServedFiles } from './served-files.ts';
import { type Index, fullName } from '../model/index.ts';
import { getResultAt } from '../tox-results/get-result-at.ts';
import { testedFile } from '../tox-results/result-name.ts';

/** The parts of `/USER/INDEX/+f/aaa/bbbbbbbbbbbbb/NAME`, decoded. */
interface FileAddress {
  readonly user: string;
  readonly index: string;
  readonly kind: '+f' | '+e';
  /** What follows `+f/`. */
  readonly relpath: string;
}

/** Routes of files; the hot path answers before them what was asked before. */
export function fileRoutes(
  app: FastifyInstance,
  context: PackagesContext,
  { cache, source, mirrorFiles }: ServedFiles & { readonly mirrorFiles: MirrorFiles },
): void {
  const { db } = context;

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    { user, index: name, kind, relpath }: FileAddress,
  ): Promise<void> {
    if (!context.events.isLive) cache.clear();
    const keep = cache.begin();
    const index = await findIndex(db, user, name);
    const privateTo = index && isRestricted(context, index) ? index : undefined;
    if (privateTo !== undefined) {
      markPrivate(reply.raw);
      authorizeReading(context, request.identity, privateTo);
    }
    if (index?.type === 'mirror') {
      const path = `${kind}/${relpath}`;
      if (asksForMetadata(request.headers.accept)) await describeMirrored(request, reply, index, path);
      else {
        const wanted = { request, reply, index, privateTo, relpath: path };
        await answerMirrorFile(mirrorFiles, { keep, source }, wanted);
      }
    } else if (asksForMetadata(request.headers.accept)) {
      await describe(request, reply, index ?? { user, name }, relpath);
    } else {
      const stored = await getServedFile(db, index ?? { user, name }, relpath);
      const file = privateTo === undefined ? stored : { ...stored, privateTo };
      keep(request.url.split('?')[0] ?? '', file);
      await sendFile(request.raw, reply.raw, source, file, []);
      reply.hijack();
    }
  }

  async function describe(
    request: FastifyRequest,
    reply: FastifyReply,
    index: Pick<Index, 'user' | 'name'>,
    relpath: string,
  ): Promise<void> {
    const { file, described } = await getDescribed(index, relpath);
    const project = await getProjectById(db, file.projectId);
    const base = request.outsideUrl;
    const result = {
      last_modified: new Date(described.uploadedAt).toUTCString(),
      hash_spec: `sha256=${described.sha256}`,
      hashes: { sha256: described.sha256, md5: described.md5 },
      project: project.name,
      version: file.version,
      url: `${base}${request.url.split('?')[0]}`,
    };
    await sendJson(reply, { type: 'releasefilemeta', result });
  }

  async function getDescribed(index: Pick<Index, 'user' | 'name'>, relpath: string) {
    if (testedFile(relpath) === undefined) {
      const file = await getFileAt(db, index, relpath);
      return { file, described: file };
    }
    const { file, result } = await getResultAt(db, index, relpath);
    return { file, described: result };
  }

  async function describeMirrored(
    request: FastifyRequest,
    reply: FastifyReply,
    index: Index,
    relpath: string,
  ): Promise<void> {
    const { link, project } = await mirrorFiles.find(index, relpath);
    const stored = await findMirrorFile(db, index.id, relpath);
    const hash = bestHash(link.hashes);
    const base = request.outsideUrl;
    const result = {
      ...(stored !== undefined && { last_modified: new Date(stored.storedAt).toUTCString() }),
      ...(hash !== undefined && { hash_spec: `${hash.algorithm}=${hash.digest}` }),
      hashes: link.hashes,
      project,
      version: link.version,
      url: `${base}${request.url.split('?')[0]}`,
    };
    await sendJson(reply, { type: 'releasefilemeta', result });
  }

  route(app, operations.readFile, async (request, params, reply) => {
    await answer(request, reply, {
      user: params.user,
      index: params.index,
      kind: '+f',
      relpath: params['*'],
    });
  });

  route(app, operations.readUnhashedFile, async (request, params, reply) => {
    await answer(request, reply, {
      user: params.user,
      index: params.index,
      kind: '+e',
      relpath: params['*'],
    });
  });

  route(app, operations.removeFile, async (request, params, reply) => {
    const index = await getIndex(db, params.user, params.index);
    const relpath = params['*'];
    const force = hasQuery(request, 'force');
    await removeFile(context, { identity: request.identity, index, relpath, force });
    await sendJson(reply, { message: `package '${fullName(index)}/+f/${relpath}' deleted` });
  });
}

/** True if the request asks by name for JSON, which tells of the file instead of sending it. */
export function asksForMetadata(accept: string | undefined): boolean {
  if (accept === undefined || accept === '*/*') return false;
  return isNamed(parseWeighted(accept), 'application/json') && prefersJson(accept);
}
