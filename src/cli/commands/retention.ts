import { AppError } from '#kernel/errors/app-error.ts';
import { operations } from '#packages/contract';
import { serverOption } from '../current-client.ts';
import { currentIndex } from '../current-index.ts';
import { defineCommand } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { formatBytes } from '../format-bytes.ts';
import { flag, indexOption, jsonOption, text } from '../options.ts';
import { plural } from '../plural.ts';
import { printable } from '../printable.ts';

export const command = defineCommand({
  summary: 'List old development releases of an index, and remove them',
  options: {
    index: indexOption,
    server: serverOption,
    keep: text('number', 'So many of the newest of each project stay.'),
    days: text('number', 'Those stay whose last file is not older.'),
    finals: flag('Final releases may go, too, but never the newest.'),
    apply: flag('Remove them; without it they are only listed.'),
    force: { ...flag('Also on an index that is not volatile.'), short: 'f' },
    json: jsonOption,
  },
  examples: [
    'wheelhouse retention --index alice/dev --keep 10 --days 30',
    'wheelhouse retention --index alice/dev --keep 10 --days 30 --apply',
  ],
  async run({ options }) {
    const { finals, apply, force } = options;
    const keep = readNumber('keep', options.keep);
    const days = readNumber('days', options.days);
    if (keep === undefined && days === undefined) {
      throw new AppError(cliErrors.badArgument, 'neither --keep nor --days is given', {
        hint: 'wheelhouse retention --keep 10 lists what is beyond the ten newest development releases',
      });
    }
    const { client, user, index } = await currentIndex(options.index, options.server);
    const { releases } = await client.call(operations.retain, {
      params: { user, index },
      body: { keep, days, finals, apply, force },
    });
    if (options.json) {
      process.stdout.write(`${JSON.stringify({ isApplied: apply, releases }, null, 2)}\n`);
      return 0;
    }
    for (const { project, version, files, bytes, uploadedAt } of releases) {
      const what = `${plural(files, 'file')}, ${formatBytes(bytes)}, ${uploadedAt.slice(0, 10)}`;
      process.stdout.write(`${printable(`${project}==${version}`)}  ${what}\n`);
    }
    const total = releases.reduce((sum, { bytes }) => sum + bytes, 0);
    const verb = apply ? 'removed' : 'would remove';
    process.stderr.write(
      `${verb} ${plural(releases.length, 'release')}, ${formatBytes(total)}, of ${user}/${index}\n`,
    );
    if (!apply && releases.length > 0) process.stderr.write('hint: --apply removes them\n');
    return 0;
  },
});

function readNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value.trim() || Number.NaN);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new AppError(cliErrors.badArgument, `--${name} ${printable(value)} is no number`);
}
