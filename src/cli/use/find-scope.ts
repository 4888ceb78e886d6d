import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { environment } from '#kernel/config/environment.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import { findPlaces } from '../installers/places.ts';
import type { Scope } from '../installers/set-installers.ts';

/** Whose installers are meant. */
export interface FoundScope extends Scope {
  /** The virtual environment, as an absolute path. */
  readonly venv: string | undefined;
}

/**
 * The installers of a virtual environment: the one that was named, that was named before, or that is active; else those of
 * the user. Throws if there is no such environment.
 */
export function findScope(named: string | undefined, before: string | undefined): FoundScope {
  const active = environment['VIRTUAL_ENV'] || undefined;
  const given = named === '-' ? undefined : (named ?? before ?? active);
  const venv = given === undefined ? undefined : findVenv(given);
  if (given !== undefined && venv === undefined) {
    const origin =
      named === undefined && before === undefined ? 'check VIRTUAL_ENV' : 'unset it: wheelhouse use --venv -';
    throw new AppError(cliErrors.badArgument, `No virtualenv found at: '${given}'`, { hint: origin });
  }
  const machine = { home: homedir(), platform: process.platform, environment, venv };
  return { places: findPlaces(machine), isVenv: venv !== undefined, venv };
}

function findVenv(given: string): string | undefined {
  const homes = environment['WORKON_HOME'];
  const candidates = [resolve(given), ...(homes ? [join(homes, given)] : [])];
  return candidates.find((each) => existsSync(join(each, process.platform === 'win32' ? 'Scripts' : 'bin')));
}
