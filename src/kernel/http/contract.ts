import { AnyObject, type Operation } from './operation.ts';

/** What every server answers, whatever its parts are. */
export const kernelOperations = {
  readMetrics: {
    method: 'GET',
    path: '/+metrics',
    permission: 'server.read-metrics',
    subject: 'server',
    summary: 'Counters for Prometheus.',
    produces: ['text/plain'],
  },
  readOpenApi: {
    method: 'GET',
    path: '/+openapi.json',
    permission: 'server.read-interface',
    subject: 'server',
    summary: 'This description.',
    response: AnyObject,
  },
} as const satisfies Record<string, Operation>;
