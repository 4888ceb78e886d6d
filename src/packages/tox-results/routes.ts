import type { FastifyInstance } from 'fastify';
import { readBody } from '#kernel/http/read-body.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import type { PackagesContext } from '../context.ts';
import { operations } from '../contract.ts';
import type { Subject } from '../policy.ts';
import { noFileAt } from '../projects/file-address.ts';
import { packagesConfig } from '../settings.ts';
import { addResult } from './add-result.ts';

const LIMIT = 'packages.max-test-result-bytes';

/** What tox told of a file is posted to the address of the file (reference devpi.md 1.11). */
export function toxResultRoutes(app: FastifyInstance, context: PackagesContext): void {
  const maxBytes = packagesConfig(context.config)[LIMIT];

  route(app, operations.addTestResult, async (request, params, reply, { index }: Subject) => {
    const relpath = params['*'];
    if (index === undefined)
      throw await noFileAt(context.db, { user: params.user, name: params.index }, relpath);
    const bytes = await readBody(request.raw, request.bodyGuard, maxBytes, LIMIT);
    const { path, sha256 } = await addResult(context, { identity: request.identity, index, relpath, bytes });
    await sendJson(reply, { type: 'toxresultpath', result: `${path}#sha256=${sha256}` });
  });
}
