import { AppError, type ErrorKind } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

type Meaning = readonly [kind: ErrorKind, detail: string];

const UNAVAILABLE: Meaning = [kernelErrors.databaseUnavailable, 'the database does not answer'];
const FULL: Meaning = [kernelErrors.storageFull, 'no space left on the server'];
const DAMAGED: Meaning = [kernelErrors.databaseDamaged, 'the database is damaged'];
const UNUSABLE: Meaning = [kernelErrors.serverdirUnusable, 'the database cannot be opened or written'];
const ZERO_BYTE: Meaning = [kernelErrors.badRequest, 'text must not hold zero bytes'];

/** What pg says without a code: no connection came free in time, or the one in use broke. */
const LOST = /^(?:timeout exceeded when trying to connect|Connection terminated|Client .* not queryable)/;

/**
 * PostgreSQL's classes 08 (connection), 53300 (too many connections) and 57P (shutdown), and what the operating system
 * says of a connection; ENOENT is that of a socket without a server.
 */
const UNAVAILABLE_CODE =
  /^(?:08...|53300|57P..|ECONN[A-Z]+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT)$/;

/** PostgreSQL's class XX001 and XX002 (corrupted), and errors of the file system below a table. */
const DAMAGED_CODE = /^(?:XX001|XX002|58P01|58030)$/;

/** SQLite's primary result codes, which are the low byte. */
const SQLITE_CODES: Readonly<Record<number, Meaning>> = {
  8: UNUSABLE, // SQLITE_READONLY
  11: DAMAGED, // SQLITE_CORRUPT
  13: FULL, // SQLITE_FULL
  14: UNUSABLE, // SQLITE_CANTOPEN
  26: DAMAGED, // SQLITE_NOTADB
};

/** SQLITE_IOERR_SHMSIZE: no space for the index of the write-ahead log. */
const NO_SPACE_FOR_INDEX = 4874;
/** SQLITE_IOERR_SHORT_READ: the file ends too early. */
const SHORT_READ = 522;

/** Throws what the database threw, as one of our errors where only the operator, or the sender of a text, can mend it. */
export function throwDatabaseError(error: unknown): never {
  const meaning = meaningOf(error as { code?: string; errcode?: number; message?: string });
  if (meaning === undefined || error instanceof AppError) throw error;
  const [kind, detail] = meaning;
  throw new AppError(kind, detail, { cause: error });
}

function meaningOf({
  code = '',
  errcode,
  message = '',
}: {
  code?: string;
  errcode?: number;
  message?: string;
}) {
  if (errcode === NO_SPACE_FOR_INDEX) return FULL;
  if (errcode === SHORT_READ) return DAMAGED;
  if (errcode !== undefined) return SQLITE_CODES[errcode & 0xff];
  if (UNAVAILABLE_CODE.test(code) || LOST.test(message)) return UNAVAILABLE;
  if (DAMAGED_CODE.test(code)) return DAMAGED;
  if (code === '53100') return FULL;
  return code === '22021' ? ZERO_BYTE : undefined;
}
