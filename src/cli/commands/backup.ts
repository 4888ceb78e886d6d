import { AppError } from '#kernel/errors/app-error.ts';
import { silentProgress, terminalProgress } from '#kernel/progress.ts';
import { defineCommand } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { formatBytes } from '../format-bytes.ts';
import { jsonOption, required, text } from '../options.ts';
import { plural } from '../plural.ts';

const KEPT = 7;

export const command = defineCommand({
  summary: 'Back up a server, also while it runs: what is new, and a snapshot of the database',
  settings: ['serverdir', 'files-directory', 'database'],
  args: { directory: required('Where the backups of this server are; made if there is none') },
  options: {
    keep: text('number', `How many snapshots stay; default is ${KEPT}.`),
    json: jsonOption,
  },
  examples: [
    'wheelhouse backup /mnt/backup/wheelhouse',
    'wheelhouse backup /mnt/backup/wheelhouse --serverdir /var/lib/wheelhouse --keep 30',
  ],
  async run({ args: { directory }, options, config: readConfig }) {
    const keep = Number(options.keep ?? KEPT);
    if (!Number.isSafeInteger(keep) || keep < 1) {
      throw new AppError(cliErrors.badArgument, `--keep ${options.keep} is no number from 1 on`);
    }
    const config = readConfig();
    const { systemClock } = await import('#kernel/clock.ts');
    const { takeBackup } = await import('#kernel/backup/take-backup.ts');
    const { openForBackup } = await import('../../wiring.ts');
    const source = await openForBackup(config);
    try {
      const progress = options.json ? silentProgress : terminalProgress();
      const taken = await takeBackup(source, directory, { keep, clock: systemClock, progress });
      const { snapshot, files, bytes, copied, removed, problems } = taken;
      if (options.json) process.stdout.write(`${JSON.stringify(taken, null, 2)}\n`);
      else {
        process.stdout.write(problems.map(({ detail }) => `${detail}\n`).join(''));
        process.stderr.write(
          `${snapshot}: ${plural(files, 'file')}, ${formatBytes(bytes)}; copied ${plural(copied.files, 'file')}, ${formatBytes(copied.bytes)}` +
            `${removed.snapshots > 0 ? `; removed ${plural(removed.snapshots, 'snapshot')}` : ''}\n`,
        );
        if (problems.length > 0) {
          process.stderr.write(
            `${plural(problems.length, 'file')} could not be copied; older snapshots were kept\nhint: wheelhouse doctor tells what the server misses\n`,
          );
        }
      }
      return problems.length === 0 ? 0 : 1;
    } finally {
      await source.close();
    }
  },
});
