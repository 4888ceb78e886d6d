import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { listEvents } from '../events/events.ts';
import type { OpenFile } from '../files/files.ts';
import { kernelOperations } from '../http/contract.ts';
import { route, sendJson } from '../http/route.ts';
import { eventDigest, schemaDigest, type Changes } from './changes.ts';
import type { PollingReplicas } from './polling-replicas.ts';
import { readChanges } from './read-changes.ts';
import type { ReplicatedParts } from './replicated.ts';
import { listMigrations } from './store.ts';

const MAX_WAIT_SECONDS = 30;
const CHUNK = 256 * 1024;

/** What a primary answers to its replicas: who it is, what changed since a serial, and the bytes of files. */
export function primaryRoutes(app: FastifyInstance, context: Context, parts: ReplicatedParts): void {
  const { db, events, files, uuid, secret, replicas } = context;

  // Replicas that wait do not hold up the end of the server.
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());
  // Nor does the database go while it is read for one that has left.
  const underWay = new Set<Promise<unknown>>();
  app.addHook('onClose', async () => void (await Promise.allSettled(underWay)));

  route(app, kernelOperations.readPrimary, async (_request, _params, reply) => {
    demandPrimary(context);
    void reply.header('cache-control', 'no-store');
    await sendJson(reply, { uuid, secret: secret.toString('base64') });
  });

  route(app, kernelOperations.readChanges, async (request, _params, reply) => {
    demandPrimary(context);
    const { since, last, wait, after } = readQuery(request);
    await demandSameLog(context, since, last);
    noteReplica(request, since, replicas);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    // The answer is due when something happened, or after a while, so that a broken line is found.
    if (events.serial <= since)
      await events.reach(since + 1, wait * 1000, AbortSignal.any([gone.signal, closing.signal]));
    if (gone.signal.aborted) {
      void reply.hijack();
      return;
    }
    const reading = Promise.all([listMigrations(db), readChanges(db, parts, since, after)]);
    underWay.add(reading);
    const [migrations, changes] = await reading.finally(() => underWay.delete(reading));
    const schema = schemaDigest(migrations);
    const head = Math.max(events.serial, changes.events.at(-1)?.serial ?? 0);
    const body = { uuid, schema, head, headAt: events.heardAt, ...changes } as Changes;
    void reply.header('cache-control', 'no-store').header('content-type', 'application/json');
    await reply.send(Buffer.from(JSON.stringify(body)));
  });

  route(app, kernelOperations.readReplicatedFile, async (request, { sha256 }, reply) => {
    demandPrimary(context);
    if (!/^[0-9a-f]{64}$/.test(sha256))
      throw new AppError(kernelErrors.badRequest, 'a file is named by its sha256 in hex');
    const [, from = '0'] = /^bytes=(\d{1,15})-$/.exec(request.headers.range ?? '') ?? [];
    const first = Number(from);
    const file = await files.open(sha256, { first, last: Number.MAX_SAFE_INTEGER - 1 });
    if (first > 0) {
      void reply.code(206).header('content-range', `bytes ${first}-${file.size - 1}/${file.size}`);
    }
    void reply
      .header('content-type', 'application/octet-stream')
      .header('cache-control', 'private, no-transform')
      .header('content-length', Math.max(0, file.size - first));
    await reply.send(Readable.from(chunksOf(file), { objectMode: false, highWaterMark: CHUNK }));
  });
}

async function* chunksOf(file: OpenFile): AsyncGenerator<Buffer> {
  try {
    for (;;) {
      const chunk = await file.next(Buffer.allocUnsafe(CHUNK));
      if (chunk.byteLength === 0) return;
      yield chunk;
    }
  } finally {
    file.release();
  }
}

function readQuery({ query }: FastifyRequest) {
  const { since, last, wait = '0', after = '' } = query as Readonly<Record<string, string | undefined>>;
  if (!/^\d{1,15}$/.test(since ?? ''))
    throw new AppError(kernelErrors.badRequest, 'query parameter since must be a serial');
  if (!/^\d{1,3}$/.test(wait))
    throw new AppError(kernelErrors.badRequest, 'query parameter wait must be a number of seconds');
  return { since: Number(since), last, wait: Math.min(Number(wait), MAX_WAIT_SECONDS), after };
}

/** Throws if the newest event of the replica is not one of this log: then one of the two is an older copy of something else. */
async function demandSameLog({ db }: Context, since: number, last: string | undefined): Promise<void> {
  if (since === 0) return;
  const [event] = await listEvents(db, since - 1, 1);
  if (event?.serial === since && eventDigest(event) === last) return;
  throw new AppError(
    kernelErrors.replicaDiverged,
    event === undefined
      ? `the replica has event ${since}, which this server never had`
      : `event ${since} of the replica is another one than here`,
  );
}

function demandPrimary({ replica }: Context): void {
  if (replica === undefined) return;
  throw new AppError(kernelErrors.notPrimary, `this server is a replica of ${replica.primaryUrl}`);
}

function noteReplica(request: FastifyRequest, serial: number, replicas: PollingReplicas): void {
  const uuid = request.headers['x-devpi-replica-uuid'];
  if (typeof uuid !== 'string' || !/^[0-9a-f]{32}$/.test(uuid)) return;
  const url = request.headers['x-devpi-replica-outside-url'];
  const outsideUrl = typeof url === 'string' && URL.canParse(url) ? url : null;
  replicas.note({ uuid, outsideUrl, address: request.clientAddress, serial });
}
