import { AnyObject, type Operation } from './operation.ts';

/** What every server answers, whatever its parts are. */
export const kernelOperations = {
  readMetrics: {
    method: 'GET',
    path: '/+metrics',
    allow: 'read',
    summary: 'Counters for Prometheus.',
    produces: ['text/plain'],
  },
  readOpenApi: {
    method: 'GET',
    path: '/+openapi.json',
    allow: 'read',
    summary: 'This description.',
    response: AnyObject,
  },
} as const satisfies Record<string, Operation>;
