import type { FastifyInstance } from 'fastify';
import { readBody } from '#kernel/http/json-body.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import type { PackagesContext } from '../context.ts';
import { operations, Retention } from '../contract.ts';
import type { IndexSubject } from '../policy.ts';
import { markPrivate } from '../private-answer.ts';
import { retain } from './retain.ts';

/** Old releases of an index: which ones go, and letting them go. */
export function retentionRoutes(app: FastifyInstance, context: PackagesContext): void {
  route(app, operations.retain, async (request, _params, reply, { index }: IndexSubject) => {
    markPrivate(reply.raw);
    const { keep, days, finals, apply, force } = readBody(request, Retention);
    const { identity } = request;
    const rules = () => ({ keep, days, finals });
    const releases = await retain(context, { identity, index, rules, apply, force });
    await sendJson(reply, {
      isApplied: apply,
      releases: releases.map((each) => ({ ...each, uploadedAt: new Date(each.uploadedAt).toISOString() })),
    });
  });
}
