import { randomBytes } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { anonymous, type Identity } from '../identity.ts';
import type { Config } from '../config/kernel-settings.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import type { Log } from '../log/log.ts';
import { audienceConstraint, audienceOf } from './audience.ts';
import { BodyGuards, type BodyGuard } from './body-guard.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { credentialsOf, refuseCrossSite, requireSameOrigin } from './cross-site.ts';
import { queryParameters } from './form-fields.ts';
import { listenFailure } from './listen-failure.ts';
import type { Operation } from './operation.ts';
import { outsideUrl, routedPath } from './outside-url.ts';
import { acceptPushMethod, PUSH_ARRIVES_AS, sentMethod } from './push-method.ts';
import type { Authorize } from './policy.ts';
import { readBody } from './read-body.ts';
import { renderError, type ErrorPage } from './render-error.ts';
import { hasReservedName } from './route.ts';
import { clientAddress, trustedProxies } from './trusted-proxies.ts';
import { answerAndEnd, hasUnreadBody } from './unread-body.ts';
import { hasKnownVersion, validateRequest } from './validate-request.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sends the request; known before the body is read. */
    identity: Identity;
    /** What it is about, as the policy found it. */
    subject: unknown;
    /** Who reads the body as it arrives tells it what is in memory, and lets it watch the speed. */
    bodyGuard: BodyGuard;
    /** The IP address of the client, behind trusted proxies too: for limits and logs. */
    clientAddress: string;
    /** The URL, without a trailing slash, under which the client reaches this server. */
    readonly outsideUrl: string;
  }
  interface FastifyContextConfig {
    /** What the route does; every route has one. */
    operation?: Operation;
  }
}

/** Answers a request before any routing and returns true, or returns false at once and does nothing. */
export type HotPath = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Has another server answer a request, before its body is read; false if it is to be answered here. */
export type Forward = (request: FastifyRequest, reply: FastifyReply) => Promise<boolean>;

export interface HttpServerOptions {
  readonly config: Config;
  readonly log: Log;
  /** Finds out who sends a request; before its body is read. */
  readonly identify: (headers: IncomingHttpHeaders, address: string) => Promise<Identity>;
  /** Decides about every request that has a route, before its body is read. */
  readonly authorize: Authorize;
  /** Headers for every response, errors included; flat name, value pairs. */
  readonly standardHeaders: () => readonly string[];
  readonly hotPath: HotPath;
  /** Of a replica. */
  readonly forward?: Forward;
  /** What a browser is shown instead of an error; without it a plain page. */
  readonly errorPage?: ErrorPage;
  /** Shorter waits, for tests. */
  readonly patience?: Patience;
}

/** How long clients may keep the server waiting; a large body on a slow line is no reason to end it. */
export interface Patience {
  /** From the first byte of a request to the end of its headers. */
  readonly headersMs: number;
  /** Without a byte in either direction. */
  readonly stalledMs: number;
  /** How often is looked whether a body comes fast enough. */
  readonly watchMs: number;
}

/** A method and a path that are answered, and by which operation. */
export interface Route {
  /** As clients send it; HEAD is answered where GET is. */
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export interface HttpServer {
  readonly app: FastifyInstance;
  readonly metrics: Metrics;
  /** The routes that have been declared. */
  readonly routes: readonly Route[];
  /** Starts to listen and returns the URL to type. */
  listen(): Promise<string>;
  /** Ends idle connections at once, lets running answers finish for a while, then ends those too. */
  close(): Promise<void>;
}

/** Of a name in an address. */
const MAX_PARAM_LENGTH = 2000;
const PATIENCE: Patience = { headersMs: 60_000, stalledMs: 300_000, watchMs: 30_000 };
const CLOSE_GRACE_MS = 10_000;
const IDLE_CHECK_MS = 50;

/** Makes the HTTP server: hot path first, then Fastify with our error forms, identities and metrics. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { config, log, hotPath, patience = PATIENCE } = options;
  const metrics = createMetrics();
  const guards = new BodyGuards({
    maxBufferedBytes: config['http.max-buffered-bytes'],
    minSpeed: config['http.min-body-speed'],
    watchMs: patience.watchMs,
  });
  metrics.gauge('http_buffered_bytes', 'Bytes of request bodies in memory.', () => guards.bufferedBytes);
  metrics.counter(
    'http_bodies_refused_total',
    'Bodies refused for the memory that others hold, or because they came too slowly.',
    () => guards.refused,
  );
  let server!: Server;
  const isTrusted = trustedProxies(config['http.trusted-proxies']);
  const app = fastify({
    trustProxy: isTrusted,
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: {
      maxParamLength: MAX_PARAM_LENGTH,
      ignoreTrailingSlash: true,
      querystringParser: queryParameters,
    },
    // An address that cannot be decoded comes here, past every hook: too little is known for a page of ours.
    frameworkErrors: async (error, request, reply) => {
      setHeaders(reply.raw, options.standardHeaders());
      await renderError(toAppError(error), request, reply);
    },
    genReqId: () => randomBytes(8).toString('hex'),
    rewriteUrl: (request) => routedPath(request.url ?? '/', request.headers),
    serverFactory(handler) {
      const timeouts = {
        keepAliveTimeout: 65_000,
        // The whole of an upload may take hours. Without a limit here Node would set none for the headers either.
        requestTimeout: 0,
        headersTimeout: patience.headersMs,
        connectionsCheckingInterval: patience.headersMs / 2,
      };
      server = createServer(timeouts, (request, response) => {
        if (!hasKnownVersion(request) || !hotPath(request, response)) handler(request, response);
      });
      return server.setTimeout(patience.stalledMs);
    },
  });
  app.addConstraintStrategy(audienceConstraint);
  acceptPushMethod(server);
  app.addHttpMethod(PUSH_ARRIVES_AS, { hasBody: true });
  leaveBodiesToRoutes(app, config['http.max-json-bytes']);
  const routes = rememberRoutes(app);

  app.decorateRequest('identity');
  app.decorateRequest('subject');
  app.decorateRequest('bodyGuard');
  app.decorateRequest('clientAddress');
  app.decorateRequest('outsideUrl', {
    getter() {
      return outsideUrl(this, config['outside-url'], isTrusted);
    },
  });
  app.addHook('onRequest', async (request, reply) => {
    setHeaders(reply.raw, options.standardHeaders());
    reply.raw.setHeader('x-request-id', request.id);
    request.identity = anonymous;
    request.clientAddress = clientAddress(request, isTrusted);
    request.bodyGuard = guards.open(request.raw, reply.raw);
    validateRequest(request.raw);
    const { operation } = request.routeOptions.config;
    const isForBrowsers = operation?.audience === 'browser';
    if (isForBrowsers) requireSameOrigin(request);
    else refuseCrossSite(request);
    // Before anybody's password is checked, and before any body is read.
    if (request.is404 || hasReservedName(request)) {
      await answerNotFound(request, reply);
      return reply;
    }
    if ((await options.forward?.(request, reply)) === true) return reply;
    request.identity = await options.identify(credentialsOf(request, isForBrowsers), request.clientAddress);
    if (operation !== undefined) request.subject = await options.authorize(operation, request);
    return undefined;
  });
  // Again, since the serial may have grown: a write answers with its own.
  app.addHook('onSend', async (request, reply, payload) => {
    setHeaders(reply.raw, options.standardHeaders());
    return hasUnreadBody(request.raw) ? answerAndEnd(request, reply, payload) : payload;
  });
  app.addHook('onResponse', async (request, reply) => {
    const seconds = reply.elapsedTime / 1000;
    const method = sentMethod(request);
    metrics.countRequest(method, request.routeOptions.url ?? 'unknown', reply.statusCode, seconds);
    const line = {
      method,
      url: request.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      user: request.identity.user,
      address: request.clientAddress,
    };
    request.log[method === 'GET' || method === 'HEAD' ? 'debug' : 'info'](line, 'request');
  });

  app.setErrorHandler(async (error, request, reply) => {
    const known = toAppError(error);
    const level = logLevel(known.kind.status);
    request.log[level]({ err: known.cause ?? known, code: known.kind.code, url: request.url }, known.message);
    // The answer has begun: breaking it off is the only way left to say that it is not complete.
    if (reply.raw.headersSent) reply.raw.destroy();
    else await renderError(known, request, reply, options.errorPage);
  });
  async function answerNotFound(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const allowed = methodsOf(routes, request);
    const error =
      allowed.length > 0 && !allowed.includes(sentMethod(request))
        ? new AppError(
            kernelErrors.methodNotAllowed,
            `${sentMethod(request)} is not allowed on ${request.url.slice(0, 200)}`,
            {
              headers: { allow: allowed.join(', ') },
              hint: wrongMethodHint(request),
            },
          )
        : new AppError(kernelErrors.routeNotFound, `there is nothing at ${request.url.slice(0, 200)}`);
    await renderError(error, request, reply, options.errorPage);
  }
  app.setNotFoundHandler(answerNotFound);

  return {
    app,
    metrics,
    routes,
    async listen() {
      const { host, port } = config;
      try {
        await app.listen({ host, port });
      } catch (error) {
        throw listenFailure(error, host, port);
      }
      const address = server.address();
      const shownHost = /^(0\.0\.0\.0|::|\[::\])$/.test(host)
        ? 'localhost'
        : host.includes(':')
          ? `[${host}]`
          : host;
      return `http://${shownHost}:${typeof address === 'object' ? address?.port : port}`;
    },
    async close() {
      // Fastify waits for keep-alive sockets that turn idle after close() began; nobody else ends those.
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
      const all = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
      try {
        await app.close();
      } finally {
        clearInterval(idle);
        clearTimeout(all);
      }
    },
  };
}

function setHeaders(response: ServerResponse, headers: readonly string[]): void {
  for (let i = 0; i < headers.length; i += 2)
    response.setHeader(headers[i] as string, headers[i + 1] as string);
}

/**
 * Multipart bodies stream to the upload route; every other body arrives as bytes, whatever its type says, if the route
 * takes one.
 */
function leaveBodiesToRoutes(app: FastifyInstance, maxBytes: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('multipart/form-data', (_request, _payload, done) => done(null));
  app.addContentTypeParser('*', async ({ raw, bodyGuard, routeOptions }: FastifyRequest) =>
    takesBody(routeOptions.config.operation) ? await readBody(raw, bodyGuard, maxBytes) : undefined,
  );
}

/** The body of a DELETE is let pass unread unless the operation asks for one. */
function takesBody(operation: Operation | undefined): boolean {
  if (operation?.readsBody === true) return false;
  return operation?.method !== 'DELETE' || operation.request !== undefined;
}

/** Collects the routes as they are declared. */
function rememberRoutes(app: FastifyInstance): readonly Route[] {
  const routes: Route[] = [];
  app.addHook('onRoute', ({ url, method, config }) => {
    const operation = config?.operation;
    if (operation === undefined) throw new Error(`the route ${url} has no operation`);
    for (const sent of [method].flat())
      routes.push({ method: sent === PUSH_ARRIVES_AS ? 'PUSH' : sent, path: url, operation });
  });
  return routes;
}

/** The methods that a path takes from whom asks, in alphabetical order; none if it has no route. */
function methodsOf(routes: readonly Route[], { url, raw }: FastifyRequest): string[] {
  const path = url.split('?')[0] ?? '';
  const audience = audienceOf({ method: 'GET', headers: raw.headers });
  const found = routes
    .filter(({ operation }) => operation.audience === undefined || operation.audience === audience)
    .filter((route) => patternOf(route.path).test(path));
  return [...new Set(found.map(({ method }) => method))].toSorted();
}

function patternOf(path: string): RegExp {
  const pattern = path.replace(/[.+]/g, '\\$&').replace(/\*$/, '.+').replace(/:\w+/g, '[^/+][^/]*');
  return new RegExp(`^${pattern}/?$`);
}

function wrongMethodHint(request: FastifyRequest): string {
  return request.method === 'POST' || request.method === 'PUT'
    ? 'uploads go to the URL of an index: /USER/INDEX/'
    : 'see /+openapi.json for what each address takes';
}

/** 501 to 504 are other servers' failures, or asked too early: nothing that this server's operator could mend. */
function logLevel(status: number): 'debug' | 'warn' | 'error' {
  if (status < 500 || status === 501) return 'debug';
  return status >= 502 && status <= 504 ? 'warn' : 'error';
}

/** Fastify's own errors in our words; anything else that is not an `AppError` is unexpected. */
function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new AppError(kernelErrors.unsupportedMediaType, message ?? 'unsupported media type');
  }
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return new AppError(
      kernelErrors.uriTooLong,
      `a part of the path is longer than ${MAX_PARAM_LENGTH} characters`,
    );
  }
  if (
    code?.startsWith('FST_ERR_CTP') ||
    code === 'FST_ERR_BAD_URL' ||
    code === 'ERR_STREAM_PREMATURE_CLOSE'
  ) {
    return new AppError(kernelErrors.badRequest, message ?? 'malformed request', { cause: error });
  }
  if (code === 'ENOSPC') {
    return new AppError(kernelErrors.storageFull, 'no space left on the server', { cause: error });
  }
  return new AppError(kernelErrors.unexpected, 'the server failed unexpectedly', { cause: error });
}
