import { AppError } from '#kernel/errors/app-error.ts';

const MAX_DETAILS = 50;

/** One error for all reasons: of the kind of the first, with the sentences of all. */
export function combined(reasons: readonly AppError[]): AppError {
  const [first] = reasons;
  if (first === undefined) throw new Error('there is no reason to refuse');
  if (reasons.length === 1) return first;
  const told = [...new Set(reasons.map(({ message }) => message))];
  const left = told.length - MAX_DETAILS;
  const detail = told.slice(0, MAX_DETAILS).join('; ') + (left > 0 ? `; and ${left} more` : '');
  return new AppError(first.kind, detail, {
    ...(first.hint !== undefined && { hint: first.hint }),
    cause: first,
  });
}
