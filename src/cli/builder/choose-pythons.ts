import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import { findPythons, type Python } from './find-pythons.ts';

/** The CPythons of this machine with pip, or those of them that are named; throws `cli.bad-argument` for one that is not there. */
export async function choosePythons(targets: readonly string[]): Promise<Python[]> {
  const found = (await findPythons()).filter(({ pip }) => pip !== undefined);
  if (found.length === 0) {
    throw new AppError(cliErrors.badArgument, 'this machine has no CPython from 3.8 on that has pip', {
      hint: 'install one with its pip and headers, as python3, python3-pip and python3-dev of Debian, or by pyenv or uv',
    });
  }
  const names = ({ tag, platform }: Python) => [tag, `${tag}-${platform}`];
  const missing = targets.filter((target) => !found.some((python) => names(python).includes(target)));
  if (missing.length > 0) {
    const known = found.map(({ tag }) => tag).join(', ');
    throw new AppError(
      cliErrors.badArgument,
      `this machine cannot build for ${missing.join(', ')}, but for ${known}`,
    );
  }
  if (targets.length === 0) return found;
  return found.filter((python) => names(python).some((name) => targets.includes(name)));
}
