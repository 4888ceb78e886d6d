import { AppError } from '#kernel/errors/app-error.ts';
import { proxiesOf } from '#kernel/http/proxies.ts';
import { trustAuthorities } from '#kernel/http/trust.ts';
import type { PackagesContext } from '../context.ts';
import { findIndexById } from '../indexes/store.ts';
import { UpstreamClient } from '../mirror/upstream/upstream-client.ts';
import { packagesConfig } from '../settings.ts';
import { jenkinsRequest } from './jenkins-request.ts';
import { signatureHeaders } from './sign.ts';
import type { Delivery, Webhook } from './webhook.ts';

/** What came of an attempt; without an error it was taken. */
export interface Outcome {
  readonly status: number | null;
  readonly error: string | null;
  readonly ms: number;
}

const TIMEOUT_MS = 10_000;
/** Of an answer nothing is told but its status: it may come from where the owner cannot look. */
const DUMP = { limit: 64 * 1024 };

/** Sends a delivery once. Nothing is followed, and who is not trusted reaches public addresses only. Never throws. */
export async function attempt(
  context: PackagesContext,
  webhook: Webhook,
  delivery: Delivery,
  stop?: AbortSignal,
): Promise<Outcome> {
  const { config, clock, log } = context;
  const startedAt = performance.now();
  const ended = (status: number | null, error: string | null) => ({
    status,
    error,
    ms: Math.round(performance.now() - startedAt),
  });
  let client: UpstreamClient | undefined;
  try {
    const request = await requestOf(context, webhook, delivery);
    if (request === undefined) return ended(null, 'uploadtrigger_jenkins is not set any more');
    trustAuthorities(config['ca-file']);
    const isTrusted =
      request.isTrusted || packagesConfig(config)['packages.webhook-private-addresses'] === 'anyone';
    client = new UpstreamClient(request.url, { proxies: proxiesOf(config), isTrusted });
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const signal = stop === undefined ? timeout : AbortSignal.any([timeout, stop]);
    const signed =
      webhook.secret === undefined
        ? {}
        : signatureHeaders(webhook.secret, { id: delivery.id, body: delivery.body, at: clock.now() });
    const { status, body } = await client.request({
      url: withoutLogin(request.url),
      method: 'POST',
      headers: { 'user-agent': 'wheelhouse (+webhook)', ...request.headers, ...signed },
      requestBody: Buffer.from(request.body),
      headTimeoutMs: TIMEOUT_MS,
      bodyTimeoutMs: TIMEOUT_MS,
      signal,
    });
    await body.dump({ ...DUMP, signal }).catch(() => undefined);
    if (status >= 200 && status < 300) return ended(status, null);
    return ended(
      status,
      status < 400 ? `it leads elsewhere (${status}), which is not followed` : `it answered ${status}`,
    );
  } catch (error) {
    if (error instanceof AppError) return ended(null, error.message);
    const { name } = error as Error;
    if (name === 'TimeoutError' || name === 'AbortError') return ended(null, 'it did not answer in time');
    // Not the error itself: it may quote the address, and with it a password.
    log.warn({ webhook: webhook.id, error: name }, 'a webhook could not be sent');
    return ended(null, 'it could not be sent');
  } finally {
    await client?.close();
  }
}

interface Sent {
  readonly url: string;
  readonly isTrusted: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

async function requestOf(
  { db, config }: PackagesContext,
  { kind, url, isTrusted, indexId }: Webhook,
  { body }: Delivery,
): Promise<Sent | undefined> {
  if (kind === 'webhook') return { url, isTrusted, headers: { 'content-type': 'application/json' }, body };
  const index = indexId === undefined ? undefined : await findIndexById(db, indexId);
  const template = index?.options['uploadtrigger_jenkins'];
  if (index === undefined || typeof template !== 'string' || template === '') return undefined;
  return { isTrusted: index.isTrusted, ...jenkinsRequest(index, template, { body, config }) };
}

/** They go as a header, and to this host only. */
function withoutLogin(text: string): string {
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.href;
}
