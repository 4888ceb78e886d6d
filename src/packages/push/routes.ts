import type { FastifyInstance } from 'fastify';
import { route, sendJson } from '#kernel/http/route.ts';
import type { PackagesContext } from '../context.ts';
import { operations } from '../contract.ts';
import type { MirrorFiles } from '../mirror/mirror-files.ts';
import type { IndexSubject } from '../policy.ts';
import type { AnswerPush } from '../upload/routes.ts';
import { readPushRequest } from './push-request.ts';
import { sendRelease } from './send-release.ts';
import { pushRelease } from './push-release.ts';

const BAD_GATEWAY = 502;

/** Pushes come with a method of their own, or as a POST of JSON (reference devpi.md 1.8). */
export function createPush(given: PackagesContext, mirrorFiles: MirrorFiles): AnswerPush {
  const context = { ...given, mirrorFiles };
  return async (request, reply, source) => {
    const { identity } = request;
    const { pushed, destination } = readPushRequest(request);
    if (destination.kind === 'index') {
      const result = await pushRelease(context, { identity, source, target: destination, pushed });
      await sendJson(reply, { type: 'actionlog', result });
      return;
    }
    const { isTaken, rows } = await sendRelease(context, { identity, source, pushed, destination });
    await sendJson(reply, { type: 'actionlog', result: rows }, isTaken ? 200 : BAD_GATEWAY);
  };
}

export function pushRoutes(app: FastifyInstance, answer: AnswerPush): void {
  route(app, operations.push, async (request, _params, reply, { index }: IndexSubject) =>
    answer(request, reply, index),
  );
}
