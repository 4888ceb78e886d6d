import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import type { Events } from '../events/events.ts';
import type { Forward } from '../http/server.ts';
import { sentMethod } from '../http/push-method.ts';
import type { Follower } from './follower.ts';
import type { PrimaryClient } from './primary-client.ts';

export interface ForwardOptions {
  readonly client: PrimaryClient;
  readonly events: Events;
  readonly follower: Pick<Follower, 'state'>;
}

const SILENCE_MS = 300_000;
const CATCH_UP_MS = 30_000;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Of one connection, not of the message (RFC 9110 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Hands requests that change something to the primary, in the name of the client, and its answer back when what it tells of is here, too:
 * who writes and reads then finds what was written. Sessions of browsers are the primary's, so what comes with a cookie goes there as
 * well while it answers; without it everybody reads here as one who is not logged in.
 */
export function createForward({ client, events, follower }: ForwardOptions): Forward {
  async function send(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const { sent, answer } = client.send({
      method: sentMethod(request),
      path: request.originalUrl,
      headers: headersFor(request),
      silenceMs: SILENCE_MS,
      signal: gone.signal,
    });
    let tooSlow: AppError | undefined;
    using _watch = request.bodyGuard.watch((error) => {
      tooSlow = error;
      sent.destroy(error);
    });
    // No pipeline: the primary may answer, and hang up, before it has read all, and its answer counts.
    sent.once('close', () => request.raw.unpipe(sent));
    request.raw.pipe(sent);
    const response = await answer.catch((error: unknown) => {
      throw tooSlow ?? error;
    });
    const serial = Number(response.headers['x-devpi-serial']);
    if (!SAFE.has(request.method) && Number.isSafeInteger(serial))
      await events.reach(serial, CATCH_UP_MS, gone.signal);
    void reply.hijack();
    reply.raw.writeHead(response.statusCode ?? 502, response.statusMessage, headersOf(response));
    await pipeline(response, reply.raw).catch(() => reply.raw.destroy());
    if (!request.raw.complete) request.raw.resume();
  }

  return async (request, reply) => {
    const { operation } = request.routeOptions.config;
    // An address that names a server is not for the primary to be put behind.
    if (operation?.isLocal === true || !request.originalUrl.startsWith('/')) return false;
    const isChange = !SAFE.has(request.method);
    if (!isChange && request.headers.cookie === undefined) return false;
    if (isChange && follower.state.isDiverged)
      throw new AppError(
        kernelErrors.replicaDiverged,
        'this replica follows its primary no longer, and forwards nothing to it',
      );
    try {
      await send(request, reply);
      return true;
    } catch (error) {
      if (isChange || !(error instanceof AppError)) throw error;
      delete request.headers.cookie;
      return false;
    }
  };
}

/** What the client sent, as from a proxy that stands in front of the primary. */
function headersFor(request: FastifyRequest): Record<string, string | string[] | undefined> {
  const { headers, outsideUrl, clientAddress, protocol, host, raw } = request;
  const { host: _host, 'x-real-ip': _address, 'x-forwarded-prefix': _prefix, ...others } = passedOn(headers);
  return {
    ...others,
    'x-outside-url': outsideUrl,
    'x-forwarded-for': clientAddress,
    'x-forwarded-proto': protocol,
    'x-forwarded-host': host,
    // As it came: the length of a body without one is not known.
    ...(raw.headers['transfer-encoding'] !== undefined && { 'transfer-encoding': 'chunked' }),
  };
}

function headersOf(response: IncomingMessage): Record<string, string | string[] | undefined> {
  return passedOn(response.headers);
}

function passedOn(headers: IncomingHttpHeaders): Record<string, string | string[] | undefined> {
  const named = new Set(
    String(headers.connection ?? '')
      .toLowerCase()
      .split(/\s*,\s*/),
  );
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)),
  );
}
