import type { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import { trustedFetch, Unreachable } from '#kernel/http/trusted-fetch.ts';
import { cliErrors } from './errors.ts';

const TIMEOUT_MS = 60_000;

/**
 * Asks a server for JSON and checks its shape. What the server refuses is thrown with its own sentence and hint; a
 * server that is not there, or is no Wheelhouse, is `cli.server-unreachable`.
 */
export async function requestJson<Schema extends z.ZodType>(
  url: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  if (!/^https?:\/\//.test(url)) {
    throw new AppError(cliErrors.serverUnreachable, `${url} is no URL`, {
      hint: 'write it with http:// or https://',
    });
  }
  const response = await trustedFetch(url, {
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    if (!(cause instanceof Unreachable)) throw cause;
    throw new AppError(cliErrors.serverUnreachable, cause.message, {
      cause,
      ...(cause.hint !== undefined && { hint: cause.hint }),
    });
  });
  const body = (await response.json().catch(() => ({}))) as {
    readonly message?: string;
    readonly hint?: string;
  };
  if (!response.ok) {
    throw new AppError(cliErrors.serverRefused, body.message ?? `the server answered ${response.status}`, {
      ...(body.hint !== undefined && { hint: body.hint }),
    });
  }
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new AppError(
    cliErrors.serverUnreachable,
    `${new URL(url).origin} does not answer as Wheelhouse does`,
  );
}
