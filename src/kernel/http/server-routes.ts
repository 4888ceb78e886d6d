import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Readiness } from '../readiness.ts';
import { kernelOperations } from './contract.ts';
import type { Metrics } from './metrics.ts';
import { describeOpenApi } from './openapi.ts';
import type { Operations } from './operation.ts';
import { route, sendJson } from './route.ts';

/** What every server answers about itself: probes, its metrics, and the description of all its operations. */
export function serverRoutes(
  app: FastifyInstance,
  metrics: Metrics,
  operations: Operations,
  readiness: Readiness,
): void {
  const answerProbe = async (reply: FastifyReply) => {
    await sendJson(reply.header('cache-control', 'no-store'), { status: 'ok' });
  };
  route(app, kernelOperations.readHealth, async (_request, _params, reply) => answerProbe(reply));
  route(app, kernelOperations.readReadiness, async (_request, _params, reply) => {
    await readiness.demand();
    await answerProbe(reply);
  });

  route(app, kernelOperations.readMetrics, async (_request, _params, reply) => {
    await reply.header('content-type', metrics.registry.contentType).send(await metrics.registry.metrics());
  });

  const description = describeOpenApi(operations);
  route(app, kernelOperations.readOpenApi, async (_request, _params, reply) => {
    await sendJson(reply, description);
  });
}
