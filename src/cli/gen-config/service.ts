import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';

/** How a server is started, which each supervisor is told in its own words. */
export interface Service {
  /** What its files, and the program in them, are called. */
  readonly name: 'wheelhouse' | 'devpi-server';
  /** Program and arguments; the path is absolute. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  /** Absolute, like the next one. */
  readonly serverdir: string;
  readonly filesDirectory: string;
}

/** A value as it stands, without quotes, in every kind of file; throws where it would mean something else in one of them. */
export function plainWord(value: string): string {
  if (/^[\w./+@=,:%*~[\]-]+$/.test(value)) return value;
  throw new AppError(cliErrors.badDeployment, `${value}: cannot stand in the files of supervisors`, {
    hint: 'leave it out, and set it in wheelhouse.yml of the server directory',
  });
}

/** The same for systemd and supervisord, which replace what stands behind a percent sign. */
export function percentWord(value: string): string {
  return plainWord(value).replaceAll('%', '%%');
}
