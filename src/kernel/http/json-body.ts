import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

/** The body as JSON, whatever its content type says; devpi's words for the error. */
export function readJson(request: FastifyRequest): unknown {
  const text = request.body instanceof Buffer ? request.body.toString('utf8') : '';
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError(kernelErrors.badJson, 'Bad request: could not decode json', { cause });
  }
}

/** The body as JSON that fits the schema; the error names the first field that does not. */
export function readBody<Schema extends z.ZodType>(
  request: FastifyRequest,
  schema: Schema,
): z.output<Schema> {
  const result = schema.safeParse(readJson(request));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  const detail = `${field === '' ? 'the body' : `field ${field}`}: ${issue?.message ?? 'invalid'}`;
  throw new AppError(kernelErrors.badRequest, detail);
}
