import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';

export interface Wanted {
  readonly sdist: boolean;
  readonly wheel: boolean;
  /** The old way: `sdist,bdist_wheel`. */
  readonly formats: string | undefined;
}

/** The options of `python -m build`: none for both. Formats of distutils that it does not make are refused. */
export function chooseDistributions({ sdist, wheel, formats }: Wanted): readonly string[] {
  if (sdist || wheel) return optionsFor(sdist, wheel);
  const named = (formats ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  const unknown = named.filter((each) => each !== 'bdist_wheel' && !SDIST.test(each));
  if (unknown.length > 0) {
    throw new AppError(
      cliErrors.badArgument,
      `python -m build makes none of these formats: ${unknown.join(', ')}`,
      {
        hint: 'name sdist or bdist_wheel; better, --sdist, --wheel, or neither for both',
      },
    );
  }
  if (named.length > 0)
    process.stderr.write('warning: --formats is deprecated: --sdist and --wheel say the same\n');
  const hasWheel = named.includes('bdist_wheel');
  const hasSdist = named.some((each) => SDIST.test(each));
  return hasWheel === hasSdist ? [] : optionsFor(hasSdist, hasWheel);
}

/** All that a build makes is a gzipped tar. */
const SDIST = /^sdist(?:\.(?:tgz|gztar))?$/;

function optionsFor(sdist: boolean, wheel: boolean): readonly string[] {
  return [...(sdist ? ['--sdist'] : []), ...(wheel ? ['--wheel'] : [])];
}
