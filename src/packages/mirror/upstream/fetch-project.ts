import { createGunzip } from 'node:zlib';
import type { Readable } from 'node:stream';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../../errors.ts';
import type { MirrorLimits } from '../limits.ts';
import { upstreamFailed, type UpstreamClient, type UpstreamResponse } from './upstream-client.ts';
import type { PackedPage } from './pack-page.ts';
import { readPage } from './read-page.ts';

/** What upstream answered about a project. */
export type FetchedProject =
  | {
      readonly kind: 'page';
      readonly page: PackedPage;
      readonly etag: string | null;
      readonly serial: number | null;
    }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'absent' };

/** Prefers JSON, which tells more (PEP 691). */
export const ACCEPT =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';

type PageLimits = Pick<MirrorLimits, 'maxPageBytes' | 'maxPageFiles'>;

/**
 * Asks upstream for the page of a project, conditionally if its ETag is known. Throws `packages.upstream-failed` or
 * `packages.upstream-timeout`, with `retry-after` (seconds) in the error's headers when upstream named a time.
 */
export async function fetchProject(
  client: UpstreamClient,
  { project, etag }: { readonly project: string; readonly etag: string | null },
  { headMs, pageMs, ...limits }: Pick<MirrorLimits, 'headMs' | 'pageMs'> & PageLimits,
): Promise<FetchedProject> {
  const signal = AbortSignal.timeout(pageMs);
  try {
    const response = await client.request({
      url: `${client.baseUrl}${encodeURIComponent(project)}/`,
      headers: {
        accept: ACCEPT,
        'accept-encoding': 'gzip',
        ...(etag !== null && { 'if-none-match': etag }),
      },
      headTimeoutMs: headMs,
      bodyTimeoutMs: headMs,
      signal,
    });
    return await interpret(response, project, limits);
  } catch (error) {
    if (!signal.aborted) throw error;
    const detail = `the upstream index did not send the page of ${project} in time`;
    throw new AppError(packagesErrors.upstreamTimeout, detail, { cause: error });
  }
}

async function interpret(
  response: UpstreamResponse,
  project: string,
  { maxPageBytes, maxPageFiles }: PageLimits,
): Promise<FetchedProject> {
  const { status, headers, url, body } = response;
  if (status !== 200) await body.dump();
  if (status === 304) return { kind: 'unchanged' };
  if (status === 404 || status === 410) return { kind: 'absent' };
  if (status !== 200) throw refusedBy(response);
  try {
    const bytes = await readBody(response, maxPageBytes);
    const page = await readPage({ body: bytes, url, project, maxFiles: maxPageFiles });
    const serial = Number(headers['x-pypi-last-serial'] ?? page.serial ?? Number.NaN);
    return {
      kind: 'page',
      page,
      etag: headers['etag'] ?? null,
      serial: Number.isSafeInteger(serial) ? serial : null,
    };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw upstreamFailed(
      `the upstream page of ${project} cannot be read: ${cause.message.slice(0, 200)}`,
      cause,
    );
  }
}

/** An answer that is neither a page nor a clear no. */
export function refusedBy({ status, headers, url }: UpstreamResponse): AppError {
  const seconds = readRetryAfter(headers['retry-after']);
  return new AppError(packagesErrors.upstreamFailed, `${new URL(url).host} answered ${status}`, {
    ...(seconds !== undefined && { headers: { 'retry-after': String(seconds) } }),
  });
}

/** Seconds, or the time until an HTTP date. */
function readRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = /^\d{1,6}$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, Math.ceil(seconds));
}

/** The body, inflated, up to a limit: a small gzip can hide gigabytes. */
async function readBody({ headers, body }: UpstreamResponse, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of inflated(body, headers['content-encoding'])) {
      size += (chunk as Buffer).byteLength;
      if (size > maxBytes)
        throw upstreamFailed(
          `an upstream page is larger than ${maxBytes} bytes (packages.mirror-page-bytes)`,
        );
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    body.destroy();
    if (error instanceof AppError || (error as Error).name === 'AbortError') throw error;
    throw upstreamFailed('the upstream index broke off its answer', error);
  }
  const declared = headers['content-length'];
  if (headers['content-encoding'] === undefined && declared !== undefined && Number(declared) !== size) {
    throw upstreamFailed('the upstream index sent less than it announced');
  }
  return Buffer.concat(chunks);
}

function inflated(body: Readable, coding: string | undefined): Readable {
  const name = coding?.trim().toLowerCase();
  if (name === undefined || name === '' || name === 'identity') return body;
  if (name !== 'gzip' && name !== 'x-gzip') throw upstreamFailed(`upstream answers in the coding ${coding}`);
  const gunzip = createGunzip();
  body.on('error', (error) => gunzip.destroy(error));
  return body.pipe(gunzip);
}
