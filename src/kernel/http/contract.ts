import { z } from 'zod';
import { AnyObject, type Operation } from './operation.ts';

const Probe = z.object({ status: z.literal('ok') });

/** What every server answers, whatever its parts are. */
export const kernelOperations = {
  readHealth: {
    method: 'GET',
    path: '/+healthz',
    permission: 'server.read-interface',
    subject: 'server',
    summary: 'Whether the process lives; asks nothing else.',
    response: Probe,
  },
  readReadiness: {
    method: 'GET',
    path: '/+readyz',
    permission: 'server.read-interface',
    subject: 'server',
    summary:
      'Whether the database answers, is migrated, and the store can be written; 503 names what is not.',
    response: Probe,
  },
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
  readPrimary: {
    method: 'GET',
    path: '/+replication/primary',
    permission: 'server.replicate',
    subject: 'server',
    summary: 'Who this primary is, and the secret that signs login tokens; for its replicas.',
    response: AnyObject,
  },
  readChanges: {
    method: 'GET',
    path: '/+replication/changes',
    permission: 'server.replicate',
    subject: 'server',
    summary: 'Events after `since`, with the rows that they tell of; `wait` seconds for one to happen.',
    response: AnyObject,
  },
  readReplicatedFile: {
    method: 'GET',
    path: '/+replication/files/:sha256',
    permission: 'server.replicate',
    subject: 'server',
    summary: 'The bytes of a stored file, from a position on where `Range` says so.',
    produces: ['application/octet-stream'],
  },
} as const satisfies Record<string, Operation>;
