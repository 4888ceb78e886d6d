import type { FastifyInstance } from 'fastify';
import type { PackagesContext } from '../context.ts';
import type { Metrics } from '#kernel/http/metrics.ts';
import { WHEELHOUSE_VERSION } from '#kernel/version.ts';
import type { IndexSubject } from '../policy.ts';
import { countContents } from '../projects/store.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import { markPrivate } from '../private-answer.ts';
import { describeApi } from './api.ts';
import { checkAuth } from './check-auth.ts';
import { describeLag, describeReplication } from './describe-replication.ts';
import { readStatus, type Caches } from './read-status.ts';
import { readEventQuery, readEvents, showEvent } from './read-events.ts';
import { DEVPI_VERSION, operations } from '../contract.ts';

/** Routes about the server itself: API description, status, events. */
export function serverRoutes(
  app: FastifyInstance,
  context: PackagesContext,
  metrics: Metrics,
  caches: Caches,
): void {
  const { config } = context;

  route(app, operations.readApi, async (request, _params, reply) => {
    await sendJson(reply, describeApi(request.outsideUrl, request.identity));
  });
  route(app, operations.readUserApi, async (request, _params, reply) => {
    await sendJson(reply, describeApi(request.outsideUrl, request.identity));
  });
  route(app, operations.readIndexApi, async (request, _params, reply, { index }: IndexSubject) => {
    await sendJson(reply, describeApi(request.outsideUrl, request.identity, index));
  });

  route(app, operations.readStatus, async (request, _params, reply) => {
    markPrivate(reply.raw);
    const { uuid, events } = context;
    const { contents, ...health } = await readStatus(context, caches, request.identity);
    const result = {
      serverdir: config.serverdir,
      uuid,
      versioninfo: { 'devpi-server': DEVPI_VERSION, wheelhouse: WHEELHOUSE_VERSION },
      'server-code': 'wheelhouse',
      host: config.host,
      port: config.port,
      'outside-url': request.outsideUrl,
      serial: events.serial,
      'last-commit-timestamp': events.heardAt / 1000,
      'event-serial': events.serial,
      'event-serial-timestamp': events.heardAt / 1000,
      'event-serial-in-sync-at': events.heardAt / 1000,
      metrics: Object.entries(contents).map(([name, value]) => [`wheelhouse_${name}`, 'gauge', value]),
      ...describeReplication(context),
      health: { ...health, replica: describeLag(context) },
    };
    await sendJson(reply, { type: 'status', result });
  });

  route(app, operations.checkAuth, async (request, _params, reply) => {
    markPrivate(reply.raw);
    const isKnown = await checkAuth(context, request);
    await reply
      .code(isKnown ? 200 : 403)
      .header('content-type', 'text/plain')
      .send(isKnown ? 'ok\n' : 'no such address\n');
  });

  route(app, operations.listEvents, async (request, _params, reply) => {
    markPrivate(reply.raw);
    const query = readEventQuery(request.query, context.clock.now());
    const { events, scanned } = await readEvents(context, request.identity, query);
    await sendJson(reply, { serial: context.events.serial, scanned, events: events.map(showEvent) });
  });

  if (context.replica !== undefined) {
    const { status } = context.replica;
    const help = 'Seconds since everything that the primary had was here; absent before the first time.';
    metrics.gauge('replica_lag_seconds', help, () => (status().lagMs ?? Number.NaN) / 1000);
    metrics.gauge(
      'replica_missing_events',
      'Events of the primary that are not here.',
      () => status().missing,
    );
    metrics.gauge('replica_waiting_files', 'Files to fetch that are not here.', () => status().filesWaiting);
  }
  metrics.gauge('serial', 'Number of the newest event.', () => context.events.serial);
  for (const name of ['projects', 'releases', 'files', 'bytes'] as const) {
    const help = name === 'bytes' ? 'Bytes of all release files.' : `Number of ${name}.`;
    metrics.gauge(name, help, async () => (await countContents(context.db))[name]);
  }
}
