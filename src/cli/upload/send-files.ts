import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#kernel/errors/app-error.ts';
import { Unreachable } from '#kernel/http/trusted-fetch.ts';
import { cliErrors } from '../errors.ts';
import type { StreamedBody } from '../client/client.ts';
import type { CheckedFile } from './check-files.ts';
import { formBody } from './form-body.ts';

/** What becomes of a file, as it happens. */
export interface UploadReport {
  begun(file: CheckedFile): void;
  sent(file: CheckedFile, bytes: number): void;
  /** The connection was lost, or the server is too busy: it is tried again after the pause. */
  interrupted(file: CheckedFile, error: AppError, pauseMs: number): void;
  stored(file: CheckedFile): void;
  failed(file: CheckedFile, error: AppError): void;
}

export interface SendOptions {
  /** Sends the form; throws `AppError`. */
  readonly send: (body: StreamedBody, signal: AbortSignal) => Promise<void>;
  readonly report: UploadReport;
  /** Ends everything at once. */
  readonly signal: AbortSignal;
  readonly pausesMs?: readonly number[];
}

export interface Sent {
  readonly stored: readonly CheckedFile[];
  readonly failed: number;
  /** Never begun, or ended in the middle. */
  readonly unsent: number;
}

const PARALLEL = 4;
const PAUSES_MS = [500, 1000, 2000, 4000, 8000];
/** No connection is that slow while it lives. */
const STALLED_MS = 60_000;

/** Timeouts and too many requests; and what proxies say while the server is away. */
const PASSING = [408, 429, 502, 503, 504];
/** It would be the same with every other file: nobody known, not allowed, no such index, no space. */
const FINAL = [401, 403, 404, 507];

/**
 * Sends files to an index, several at a time. A file whose connection is lost is sent again, with growing pauses: the server
 * takes identical bytes twice. After a refusal that is not about the file nothing more is begun. Throws nothing of its own.
 */
export async function sendFiles(files: readonly CheckedFile[], options: SendOptions): Promise<Sent> {
  const { report, signal } = options;
  const stored: CheckedFile[] = [];
  let failed = 0;
  let isOver = false;
  const left = files.values();
  async function work(): Promise<void> {
    for (const file of left) {
      if (isOver || signal.aborted) return;
      report.begun(file);
      try {
        await sendFile(file, options);
        stored.push(file);
        report.stored(file);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof AppError)) throw error;
        failed += 1;
        isOver ||= FINAL.includes(error.kind.status);
        report.failed(file, error);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(PARALLEL, files.length) }, work));
  return { stored, failed, unsent: files.length - stored.length - failed };
}

async function sendFile(file: CheckedFile, options: SendOptions): Promise<void> {
  const { send, report, signal, pausesMs = PAUSES_MS } = options;
  for (const pauseMs of [...pausesMs, undefined]) {
    const stalled = new AbortController();
    const watch = setTimeout(
      () => stalled.abort(new AppError(cliErrors.serverUnreachable, 'the server took nothing for a minute')),
      STALLED_MS,
    );
    const body = formBody(file, (bytes) => {
      if (bytes < file.size) watch.refresh();
      // The server may take its time with what it has.
      else clearTimeout(watch);
      report.sent(file, bytes);
    });
    try {
      await send(body, AbortSignal.any([signal, stalled.signal]));
      return;
    } catch (error) {
      signal.throwIfAborted();
      const problem = problemOfFile(error);
      if (problem !== undefined) throw problem;
      if (pauseMs === undefined || !(error instanceof AppError) || !isPassing(error)) throw error;
      report.interrupted(file, error, pauseMs);
      await sleep(pauseMs, undefined, { signal });
    } finally {
      clearTimeout(watch);
    }
  }
}

/** A certificate that is not trusted will not be later. */
function isPassing({ kind, cause }: AppError): boolean {
  return PASSING.includes(kind.status) && !(cause instanceof Unreachable && cause.hint !== undefined);
}

/** A file that could not be read to its end looks like a lost connection; what is behind it tells. */
function problemOfFile(error: unknown): AppError | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof AppError && each.kind === cliErrors.badInputFile) return each;
  }
  return undefined;
}
