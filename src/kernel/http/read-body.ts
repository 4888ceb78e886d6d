import type { IncomingMessage } from 'node:http';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import type { BodyGuard } from './body-guard.ts';

/**
 * Reads a body into memory. Throws 413 for more than `maxBytes`, before anything is read if the request says so; 408
 * and 503 as the guard decides; 400 when the connection ends before the body. `limit` is the setting that says how many.
 */
export async function readBody(
  request: IncomingMessage,
  guard: BodyGuard,
  maxBytes: number,
  limit?: string,
): Promise<Buffer> {
  const hint = limit === undefined ? {} : { hint: `the setting ${limit} sets the limit` };
  const tooLarge = () =>
    new AppError(kernelErrors.bodyTooLarge, `the body is larger than ${maxBytes} bytes`, hint);
  if (Number(request.headers['content-length']) > maxBytes) throw tooLarge();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  using _watch = guard.watch(reject);
  const chunks: Buffer[] = [];
  let length = 0;
  const onData = (chunk: Buffer) => {
    try {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge();
      guard.hold(length);
      chunks.push(chunk);
    } catch (error) {
      request.removeListener('data', onData);
      reject(error as Error);
    }
  };
  const onClosed = () =>
    reject(new AppError(kernelErrors.badRequest, 'the connection ended before the body did'));
  request.on('data', onData).once('end', resolve).once('error', onClosed).once('close', onClosed);
  // The client may have gone while it was found out who it is; then no event comes any more.
  if (request.destroyed) onClosed();
  try {
    await promise;
    return Buffer.concat(chunks);
  } finally {
    request.removeListener('data', onData);
  }
}
