import { AppError } from '#kernel/errors/app-error.ts';
import type { CurrentIndex } from '../current-index.ts';
import { cliErrors } from '../errors.ts';
import { printable } from '../printable.ts';
import { readReleases } from './read-releases.ts';
import { readReleaseSpec } from './release-spec.ts';

export interface YankChange {
  readonly spec: string;
  /** Only files of these names; all of the release where there are none. */
  readonly filenames: readonly string[];
  readonly dryRun: boolean;
  /** `yanked`, or what undoes it. */
  readonly done: string;
  /** Asks the server to change a release; resolves to the files that it changed. */
  change(release: {
    readonly project: string;
    readonly version: string;
    readonly filenames: string[] | undefined;
  }): Promise<readonly string[]>;
}

/** Changes every release of the spec that the index itself has, with a line for each file. */
export async function changeYank(target: CurrentIndex, given: YankChange): Promise<number> {
  const spec = readReleaseSpec(given.spec);
  if (!spec.hasVersions) {
    throw new AppError(cliErrors.badArgument, `${given.spec} names no version`, {
      hint: `name the release: ${spec.name}==1.0`,
    });
  }
  const releases = (await readReleases(target, spec, { ignoreBases: true })).map(({ version, files }) => ({
    version,
    filenames: files
      .map(({ filename }) => filename)
      .filter((filename) => given.filenames.length === 0 || given.filenames.includes(filename)),
  }));
  const chosen = releases.filter(({ filenames }) => filenames.length > 0);
  const missing = given.filenames.filter((name) => !chosen.some(({ filenames }) => filenames.includes(name)));
  if (chosen.length === 0 || missing.length > 0) {
    const what = missing.length > 0 ? missing.join(', ') : `releases matching '${given.spec}'`;
    throw new AppError(cliErrors.badArgument, `${target.url} has no ${what}`);
  }
  for (const { version, filenames } of chosen.toReversed()) {
    const some = given.filenames.length === 0 ? undefined : filenames;
    const changed = given.dryRun
      ? filenames
      : await given.change({ project: spec.project, version, filenames: some });
    const word = given.dryRun ? `skipped: ${given.done}` : given.done;
    for (const filename of changed) process.stdout.write(`${word} ${printable(filename)}\n`);
  }
  return 0;
}
