import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import type { Release, ReleaseFile } from '../releases/read-releases.ts';

/** What of a release is tested. */
export interface ChosenFiles {
  /** Tests are taken from it: wheels seldom have some. */
  readonly sdist: ReleaseFile;
  readonly tested: readonly ReleaseFile[];
  /** Names of files that are left out, because they are for some machines only. */
  readonly skipped: readonly string[];
}

/** As devpi-client chooses: sdists and wheels for every Python, or all whose names match. Throws `cli.bad-argument`. */
export function chooseFiles({ name, version, files }: Release, select?: RegExp): ChosenFiles {
  const sdists = ['.tar.gz', '.zip'].flatMap((ending) =>
    files.filter(({ filename }) => filename.endsWith(ending)),
  );
  const wheels = files.filter(({ filename }) => filename.endsWith('.whl'));
  const [sdist] = sdists;
  if (sdist === undefined) {
    throw new AppError(cliErrors.badArgument, 'need at least one sdist distribution', {
      hint: `${name} ${version} has none on this index, and tests are taken from it`,
    });
  }
  if (select !== undefined) {
    const tested = [...sdists, ...wheels].filter(({ filename }) => select.test(filename));
    if (tested.length > 0) return { sdist, tested, skipped: [] };
    throw new AppError(cliErrors.badArgument, `no file of ${name} ${version} matches ${select.source}`);
  }
  const isUniversal = ({ filename }: ReleaseFile) => filename.endsWith('py2.py3-none-any.whl');
  return {
    sdist,
    tested: [...sdists, ...wheels.filter(isUniversal)],
    skipped: wheels.filter((wheel) => !isUniversal(wheel)).map(({ filename }) => filename),
  };
}
