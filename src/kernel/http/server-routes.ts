import type { FastifyInstance } from 'fastify';
import { kernelOperations } from './contract.ts';
import type { Metrics } from './metrics.ts';
import { describeOpenApi } from './openapi.ts';
import type { Operations } from './operation.ts';
import { route, sendJson } from './route.ts';

/** What every server answers about itself: its metrics, and the description of all its operations. */
export function serverRoutes(app: FastifyInstance, metrics: Metrics, operations: Operations): void {
  route(app, kernelOperations.readMetrics, async (_request, _params, reply) => {
    await reply.header('content-type', metrics.registry.contentType).send(await metrics.registry.metrics());
  });

  const description = describeOpenApi(operations);
  route(app, kernelOperations.readOpenApi, async (_request, _params, reply) => {
    await sendJson(reply, description);
  });
}
