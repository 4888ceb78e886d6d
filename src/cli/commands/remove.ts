import { AppError } from '#kernel/errors/app-error.ts';
import { operations } from '#packages/contract';
import { defineCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { serverOption } from '../current-client.ts';
import { currentIndex, type CurrentIndex } from '../current-index.ts';
import { cliErrors } from '../errors.ts';
import { dryRunOption, flag, indexOption, required, yesOption } from '../options.ts';
import { printable } from '../printable.ts';
import { readReleases } from '../releases/read-releases.ts';
import { readReleaseSpec } from '../releases/release-spec.ts';

export const command = defineCommand({
  summary: 'Remove projects, releases or files from an index',
  args: {
    spec: required("A project, some of its releases, or the URL of a file: demo, demo==1.0, 'demo<2'"),
  },
  options: {
    index: indexOption,
    server: serverOption,
    force: { ...flag('Also on an index that is not volatile.'), short: 'f' },
    dryRun: dryRunOption,
    yes: yesOption,
  },
  examples: ['wheelhouse remove demo==1.0', 'wheelhouse remove --index alice/dev -y demo'],
  async run({ args: { spec }, options }) {
    if (/^https?:\/\//i.test(spec)) return await removeFile(spec, options);
    return await removeReleases(await currentIndex(options.index, options.server), spec, options);
  },
});

interface RemoveOptions {
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

async function removeFile(given: string, options: RemoveOptions): Promise<number> {
  const url = new URL(given);
  const [, index] = /^(\/.+)\/\+f\/./.exec(url.pathname) ?? [];
  if (index === undefined) {
    throw new AppError(cliErrors.badArgument, `${given} is no URL of a file`, {
      hint: 'name the URL that `wheelhouse list` shows, or releases: demo==1.0',
    });
  }
  url.hash = '';
  const { client } = await currentIndex(`${url.origin}${index}`);
  say('About to remove the following file:', url.href);
  if (options.dryRun) return 0;
  if (!(await isConfirmed(options))) return 0;
  await client.send('DELETE', withForce(url, options));
  return 0;
}

async function removeReleases(target: CurrentIndex, given: string, options: RemoveOptions): Promise<number> {
  const { client, user, index } = target;
  const spec = readReleaseSpec(given);
  const { project } = spec;
  const found = (await readReleases(target, spec, { ignoreBases: true }))
    .map((release) => ({ ...release, files: release.files.filter(({ isOwn }) => isOwn) }))
    .filter(({ files }) => files.length > 0)
    .toReversed();
  if (found.length === 0) {
    throw new AppError(cliErrors.badArgument, `No releases or distributions found matching '${given}'.`);
  }
  say('About to remove the following releases and distributions');
  for (const { version, files } of found)
    say(`version: ${version}`, ...files.map(({ href }) => `  - ${href}`));
  if (options.dryRun) return 0;
  if (!(await isConfirmed(options))) return 0;
  const query = { force: options.force ? '' : undefined };
  if (!spec.hasVersions) {
    await client.call(operations.removeProject, { params: { user, index, project }, query });
    return 0;
  }
  for (const { version } of found) {
    say(`deleting release ${version} of ${spec.name}`);
    await client.call(operations.removeRelease, { params: { user, index, project, version }, query });
  }
  return 0;
}

async function isConfirmed(options: RemoveOptions): Promise<boolean> {
  if (await confirm('Are you sure', options)) return true;
  process.stderr.write('not deleting anything\n');
  return false;
}

function withForce(url: URL, { force }: RemoveOptions): URL {
  const whole = new URL(url);
  if (force) whole.searchParams.set('force', '');
  return whole;
}

function say(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
}
