import type { FastifyInstance } from 'fastify';
import { audienceOf } from '#kernel/http/audience.ts';
import { outsidePath } from '#web/serving/outside-path.ts';
import type { PackagesContext } from '../context.ts';
import { isFresh } from './setup-step.ts';

/** Sends a browser that comes to the home page of a new server to its set-up; for the routes that are declared afterwards. */
export function leadToSetup(app: FastifyInstance, context: PackagesContext): void {
  app.addHook('preHandler', async (request, reply) => {
    const isHome = request.url === '/' && request.method === 'GET' && request.identity.user === undefined;
    if (!isHome || audienceOf(request.raw) !== 'browser' || !(await isFresh(context))) return undefined;
    return reply
      .header('cache-control', 'no-store')
      .redirect(`${outsidePath(request.outsideUrl)}/+setup`, 303);
  });
}
