import type { FastifyInstance } from 'fastify';
import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { listEvents } from '#kernel/events/events.ts';
import type { Metrics } from '#kernel/http/metrics.ts';
import { WHEELHOUSE_VERSION } from '#kernel/version.ts';
import type { IndexSubject } from '../policy.ts';
import { countContents } from '../projects/store.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import { markPrivate } from '../private-answer.ts';
import { describeApi } from './api.ts';
import { checkAuth } from './check-auth.ts';
import { DEVPI_VERSION, operations } from '../contract.ts';

/** Routes about the server itself: API description, status, events. */
export function serverRoutes(app: FastifyInstance, context: Context, metrics: Metrics): void {
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
    const contents = await countContents(context.db);
    const { uuid, events } = context;
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
      role: 'MASTER',
      polling_replicas: {},
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
    const since = readCount(request.query, 'since', 0);
    const limit = Math.min(readCount(request.query, 'limit', 100), 1000);
    const events = await listEvents(context.db, since, limit);
    const shown = events.map(({ about: _about, ...event }) => ({
      ...event,
      at: new Date(event.at).toISOString(),
    }));
    const scanned = events.at(-1)?.serial ?? since;
    await sendJson(reply, { serial: context.events.serial, scanned, events: shown });
  });

  metrics.gauge('serial', 'Number of the newest event.', () => context.events.serial);
  for (const name of ['projects', 'releases', 'files', 'bytes'] as const) {
    const help = name === 'bytes' ? 'Bytes of all release files.' : `Number of ${name}.`;
    metrics.gauge(name, help, async () => (await countContents(context.db))[name]);
  }
}

function readCount(query: unknown, key: string, fallback: number): number {
  const text = (query as Record<string, unknown>)[key];
  if (text === undefined) return fallback;
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new AppError(kernelErrors.badRequest, `query parameter ${key} must be a whole number`);
}
