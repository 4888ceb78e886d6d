import { AppError, type ErrorKind } from '#kernel/errors/app-error.ts';

const MAX_LENGTH = 200;

/** Any Unicode but control characters, lone surrogates and the ASCII symbols other than `-.@_` (devpi.md 2.1). */
const ALLOWED = /^(?:[A-Za-z0-9.@_-]|[^\p{ASCII}\p{Cc}\p{Cs}\p{Z}])+$/u;

/** Throws the given kind, in devpi's words, unless the text may name a user, a group or an index. */
export function checkName(kind: ErrorKind, what: 'username' | 'groupname' | 'indexname', name: string): void {
  if (!ALLOWED.test(name)) {
    throw new AppError(
      kind,
      `${what} '${name}' contains characters that aren't allowed. Any ascii symbol besides -.@_ is blocked.`,
    );
  }
  if (name.length > MAX_LENGTH) throw new AppError(kind, `${what} is longer than ${MAX_LENGTH} characters`);
  if (/^\.+$/.test(name)) throw new AppError(kind, `${what} '${name}' consists of dots only`);
}
