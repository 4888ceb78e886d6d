import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import { formFields, lastValues } from '#kernel/http/form-fields.ts';
import type { Refusal } from '../components/form.ts';

/** The fields of a form that was posted; the last of several values of one name counts, as in a query. Throws 400 for too many. */
export function readForm({ body }: FastifyRequest): Readonly<Record<string, string>> {
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : '';
  return lastValues(formFields(text));
}

/**
 * Why a form was refused, as its page shows it: mistakes in fields at the fields, and what a use case refuses above them. Rethrows
 * everything else: what has a page of its own (nobody logged in, no permission), and failures of ours.
 */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof z.ZodError) {
    const fields = error.issues.map(({ path, message }) => [String(path[0] ?? ''), message] as const);
    return { fields: Object.fromEntries(fields) };
  }
  if (!(error instanceof AppError)) throw error;
  const { kind, message, hint } = error;
  if (kind.status >= 500 || kind.status === 401 || kind.status === 403) throw error;
  return { message: sentence(message), ...(hint !== undefined && { hint: sentence(hint) }) };
}

function sentence(text: string): string {
  const first = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.?!]$/.test(first) ? first : `${first}.`;
}
