import { declaredCode } from '../declared-code.ts';

/** One kind of failure, declared once in a part's `errors.ts` and documented in docs/reference/errors.md. */
export interface ErrorKind {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly hint?: string;
  /** One or two sentences for docs/reference/errors.md; a test asks for them. */
  readonly meaning?: string;
}

export interface ErrorDetails {
  readonly hint?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** The only error class that use cases throw: a declared kind and one sentence about this occurrence. */
export class AppError extends Error {
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(kind: ErrorKind, detail: string, details: ErrorDetails = {}) {
    super(detail, { cause: details.cause });
    this.name = 'AppError';
    this.kind = kind;
    this.hint = details.hint ?? kind.hint;
    this.headers = details.headers ?? {};
  }
}

type Declaration = Omit<ErrorKind, 'code'>;

/** Declares the error kinds of a part; the code is `part.kebab-case-key`. */
export function defineErrors<const Table extends Record<string, Declaration>>(
  part: string,
  table: Table,
): { readonly [Key in keyof Table]: ErrorKind } {
  const kinds = Object.entries(table).map(([key, declaration]) => [
    key,
    { code: declaredCode(part, key), ...declaration },
  ]);
  return Object.fromEntries(kinds) as { readonly [Key in keyof Table]: ErrorKind };
}
