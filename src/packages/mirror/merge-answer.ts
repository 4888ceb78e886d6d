import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { type Index, fullName } from '../model/index.ts';
import { upstreamOf, type StoredProject } from './store.ts';
import type { FetchedProject } from './upstream/fetch-project.ts';

/** What counts after upstream has answered. */
export interface Answer {
  /** Undefined if upstream has no such project. */
  readonly project: StoredProject | undefined;
  /** Until when upstream need not be asked again, epoch milliseconds. */
  readonly expiresAt: number;
}

const DEFAULT_EXPIRY_SECONDS = 1800;

/** How long a mirror's pages and lists count as fresh. */
export function expiryMs({ options }: Index): number {
  const seconds = options['mirror_cache_expiry'];
  return (typeof seconds === 'number' ? seconds : DEFAULT_EXPIRY_SECONDS) * 1000;
}

/**
 * Decides between what upstream has answered and what is known of a project: builds must not break because upstream
 * removed something, went back in time, or answers with a page that is none; devpi keeps the last page too. Whoever asks
 * for a refresh gives nothing as known, and gets what upstream says.
 */
export function mergeAnswer(
  { clock, log }: Pick<Context, 'clock' | 'log'>,
  { index, name }: { readonly index: Index; readonly name: string },
  { fetched, known }: { readonly fetched: FetchedProject; readonly known: StoredProject | undefined },
  absentMs: number,
): Answer {
  const about = { index: fullName(index), project: name };
  const expiresAt = clock.now() + expiryMs(index);
  const askAgainAt = clock.now() + Math.min(absentMs, expiryMs(index));
  if (known !== undefined && saysNothing(fetched)) {
    log.warn(about, 'upstream no longer has the project; keeping what is known');
    return { project: known, expiresAt: askAgainAt };
  }
  if (fetched.kind === 'absent') return { project: undefined, expiresAt: askAgainAt };
  if (fetched.kind === 'unchanged') {
    if (known !== undefined) return { project: known, expiresAt };
    throw new AppError(packagesErrors.upstreamFailed, 'upstream answered 304 unasked');
  }
  const { page, etag, serial } = fetched;
  if (known !== undefined && isOlder(index, serial, known)) {
    log.warn({ ...about, serial }, 'upstream went back in time; keeping what is known');
    return { project: known, expiresAt };
  }
  const project = {
    upstream: upstreamOf(index),
    page: page.stored,
    etag,
    serial,
    expiresAt,
  };
  return { project, expiresAt };
}

/** True for a 404, and for a page of nothing at all, as maintenance pages and captive portals look like. */
function saysNothing(fetched: FetchedProject): boolean {
  return fetched.kind === 'page' ? fetched.page.isEmpty : fetched.kind === 'absent';
}

/** A mirror that lags behind must not take back what was seen (reference devpi.md 2.6). */
function isOlder({ options }: Index, serial: number | null, known: StoredProject): boolean {
  if (options['mirror_ignore_serial_header'] === true) return false;
  return serial !== null && known.serial !== null && serial < known.serial;
}
