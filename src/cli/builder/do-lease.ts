import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { operations, type BuildResult, type Lease } from '#builds/contract';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Client } from '../client/client.ts';
import { basicOrBearer } from '../client/credentials.ts';
import { buildWheel, type BuildResult as Built } from './build-wheel.ts';
import type { BuiltWheel } from './check-wheels.ts';
import type { RetryRule } from './classify-failure.ts';
import type { Python } from './find-pythons.ts';
import type { BuildLimits } from './limits.ts';
import { removeWork } from './remove-work.ts';
import { LogStream } from './stream-log.ts';

export interface DoLease {
  readonly client: Client;
  readonly lease: z.output<typeof Lease>;
  readonly python: Python;
  readonly limits: BuildLimits;
  /** A directory for this build alone. */
  readonly work: string;
  /** Builds that run at once on this machine have different ones. */
  readonly slot: number;
  /** Aborted to end at once; the build then goes to another builder. */
  readonly signal: AbortSignal;
}

type Result = z.input<typeof BuildResult>;

const RETRY_MS = 2000;
/** How long a server may be away while a result waits for it. */
const PATIENCE_MS = 3_600_000;
const DAY_SECONDS = 86_400;
/** 1980: the first time that a zip can name. */
const FIRST_EPOCH = 315_532_800;

/**
 * Does one build, from the sdist to the wheels on the server; resolves to what it told the server, or to undefined if the build was not
 * its own any more. Throws what no repetition mends, and the reason of the signal.
 */
export async function doLease(input: DoLease): Promise<Result | undefined> {
  const { client, lease, work } = input;
  const over = new AbortController();
  const signal = AbortSignal.any([input.signal, over.signal]);
  const params = { id: String(lease.build) };
  const beating = setInterval(
    () =>
      void client
        .call(operations.heartbeat, { params })
        .then(({ goesOn }) => goesOn || over.abort())
        .catch((error: unknown) => isOver(error) && over.abort()),
    (lease.leaseSeconds * 1000) / 4,
  );
  const end = async (result: Result) => {
    await persist(signal, () => client.call(operations.endBuild, { params, body: result }));
    return result;
  };
  try {
    await using log = new LogStream(async (piece) => {
      const { size } = await client.call(operations.appendBuildLog, { params, body: piece });
      return size;
    });
    const built = await build(input, log, signal);
    await persist(signal, () => log.end());
    for (const wheel of built.outcome === 'built' ? built.wheels : [])
      await persist(signal, () => bring(client, lease.build, wheel, signal));
    return await end(resultOf(lease, built, input.python));
  } catch (error) {
    if (over.signal.aborted || isOver(error)) return undefined;
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    return await end({ state: 'failed', seconds: 0, ...failure, record: {} });
  } finally {
    clearInterval(beating);
    await removeWork(work);
  }
}

/** What is wrong with this build alone; undefined for what would be wrong with the next one, too. */
function failureOf(error: unknown) {
  if (error instanceof BadSdist)
    return { failure: 'bad-sdist', detail: error.message, retryAfterSeconds: DAY_SECONDS };
  const isRefused = error instanceof AppError && [400, 413, 422].includes(error.kind.status);
  return isRefused
    ? { failure: 'bad-wheel', detail: `the server refused it: ${error.message}`, retryAfterSeconds: null }
    : undefined;
}

/** The sdist is not there any more, or is not what the index says. */
class BadSdist extends Error {}

async function build(
  { client, lease, python, limits, work, slot }: DoLease,
  log: LogStream,
  signal: AbortSignal,
): Promise<Built> {
  const { project, version, sdist, index } = lease;
  await mkdir(work, { recursive: true, mode: 0o711 });
  const path = join(work, sdist.filename);
  await persist(signal, () => download(client, sdist, path)).catch((cause: unknown) => {
    if (!(cause instanceof AppError) || ![404, 410].includes(cause.kind.status)) throw cause;
    throw new BadSdist(`${sdist.filename} is gone: ${cause.message}`, { cause });
  });
  const authorization = basicOrBearer(client.credentials);
  return await buildWheel({
    python,
    sdist: path,
    project,
    version,
    work: join(work, 'build'),
    index: {
      url: client.url,
      path: `/${index}/+simple/`,
      ...(authorization !== undefined && { authorization }),
    },
    limits: { ...limits, seconds: Math.min(limits.seconds, lease.limits.minutes * 60) },
    slot,
    epoch: sdist.uploaded === null ? FIRST_EPOCH : Math.floor(Date.parse(sdist.uploaded) / 1000),
    onLog: (line) => log.write(line),
    signal,
  });
}

/** Throws `BadSdist` if what came is not what the index has. */
async function download(client: Client, sdist: DoLease['lease']['sdist'], path: string): Promise<void> {
  const hash = createHash('sha256');
  await using file = await open(path, 'w', 0o600);
  await client.download(new URL(sdist.path, `${client.url}/`).href, async (chunk) => {
    hash.update(chunk);
    await file.write(chunk);
  });
  const digest = hash.digest('hex');
  if (sdist.sha256 !== null && digest !== sdist.sha256)
    throw new BadSdist(`${sdist.filename} came with the sha256 ${digest} instead of ${sdist.sha256}`);
}

async function bring(
  client: Client,
  build: number,
  { filename, path, sha256, size }: BuiltWheel,
  signal: AbortSignal,
): Promise<void> {
  const url = new URL(`${client.url}/+builds/${build}/files/${encodeURIComponent(filename)}`);
  url.searchParams.set('sha256', sha256);
  const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
  await client.stream(url, { headers, stream: createReadStream(path) }, signal, 'PUT');
}

/** Again and again while the server is away or cannot answer; throws what no repetition mends. */
async function persist<Answer>(signal: AbortSignal, send: () => Promise<Answer>): Promise<Answer> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await send();
    } catch (error) {
      signal.throwIfAborted();
      const isPassing = error instanceof AppError && (error.kind.status >= 500 || error.kind.status === 429);
      if (!isPassing || Date.now() > until) throw error;
      await sleep(RETRY_MS, undefined, { signal });
    }
  }
}

/** The build is another’s, or has gone with its index. */
function isOver(error: unknown): boolean {
  return error instanceof AppError && [404, 409].includes(error.kind.status);
}

function resultOf({ sdist, failures }: DoLease['lease'], built: Built, python: Python): Result {
  const { seconds, inputs, peakMemoryBytes, pythonVersion, pipVersion } = built;
  const facts = {
    inputs: [{ filename: sdist.filename, sha256: sdist.sha256 }, ...inputs],
    python: { version: pythonVersion, tag: python.tag, platform: python.platform, pip: pipVersion },
    peakMemoryBytes,
  };
  if (built.outcome === 'built') {
    const files = built.wheels.map(({ filename }) => filename);
    const wheels = built.wheels.map(({ path: _path, ...wheel }) => wheel);
    const { notes, differences } = built;
    return { state: 'succeeded', seconds, files, record: { ...facts, wheels, notes, differences } };
  }
  const { failureClass: failure, detail, missing, debianPackage, retry } = built;
  const retryAfterSeconds = retryAfter(retry, failures);
  const record = { ...facts, missing, debianPackage };
  return { state: 'failed', seconds, failure, detail: detail.slice(0, 2000), retryAfterSeconds, record };
}

/** Null where the same would come of it, or did often enough. */
function retryAfter(rule: RetryRule, failures: number): number | null {
  return rule === 'final' || failures >= rule.atMost ? null : rule.afterMs / 1000;
}
