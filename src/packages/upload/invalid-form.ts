import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';

/** 400 for a form that says what cannot be, or too little. */
export function invalidForm(detail: string, cause?: unknown): AppError {
  return new AppError(packagesErrors.invalidForm, detail, { cause });
}
