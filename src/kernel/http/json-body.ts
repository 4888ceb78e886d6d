import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

/** What is stored must be written again, indented and by recursion. */
const MAX_LEVELS = 100;

/** Keys may be of any length, and are told again. */
const MAX_FIELD = 200;

/** The body as JSON, whatever its content type says; devpi's words for the error. */
export function readJson(request: Pick<FastifyRequest, 'body'>): unknown {
  const body = parse(request.body instanceof Buffer ? request.body.toString('utf8') : '');
  if (isDeeper(body, MAX_LEVELS)) {
    throw new AppError(kernelErrors.badRequest, `the JSON is nested deeper than ${MAX_LEVELS} levels`);
  }
  return body;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the parser's error as the cause: it quotes the body, which may hold a password, and causes are logged.
    throw new AppError(kernelErrors.badJson, 'Bad request: could not decode json');
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** The body as JSON that fits the schema; the error names the first field that does not. */
export function readBody<Schema extends z.ZodType>(
  request: Pick<FastifyRequest, 'body'>,
  schema: Schema,
): z.output<Schema> {
  const result = schema.safeParse(readJson(request));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = (issue?.path.join('.') ?? '').slice(0, MAX_FIELD);
  const detail = `${field === '' ? 'the body' : `field ${field}`}: ${issue?.message ?? 'invalid'}`;
  throw new AppError(kernelErrors.badRequest, detail);
}
