import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from './errors.ts';
import { findProgram } from './find-program.ts';

/** The Python that is named, by its path or as on PATH; without a name that of the active environment. Throws `cli.bad-argument`. */
export function findPython(named: string | undefined): string {
  const found = named?.includes('/')
    ? findProgram(named, named.startsWith('/') ? '/' : process.cwd())
    : (findProgram(named ?? 'python') ?? (named === undefined ? findProgram('python3') : undefined));
  if (found !== undefined) return found;
  throw new AppError(cliErrors.badArgument, `command not found: ${named ?? 'python3'}`, {
    hint: 'name another Python with -p',
  });
}
