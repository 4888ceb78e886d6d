import { silentProgress, terminalProgress } from '#kernel/progress.ts';
import { defineCommand } from '../../command.ts';
import { formatBytes } from '../../format-bytes.ts';
import { flag, jsonOption, required } from '../../options.ts';
import { plural } from '../../plural.ts';

export const command = defineCommand({
  summary: 'Read a whole backup, and compare everything with its hash',
  args: { directory: required('The directory that `wheelhouse backup` was given') },
  options: {
    repair: flag('Remove damaged files from the backup: the next one copies them again.'),
    json: jsonOption,
  },
  examples: ['wheelhouse backup verify /mnt/backup/wheelhouse'],
  async run({ args: { directory }, options: { repair, json } }) {
    const { verifyBackup } = await import('#kernel/backup/verify-backup.ts');
    const progress = json ? silentProgress : terminalProgress();
    const snapshots = await verifyBackup(directory, { repair, progress });
    const count = snapshots.reduce((sum, { problems }) => sum + problems.length, 0);
    if (json) process.stdout.write(`${JSON.stringify({ snapshots }, null, 2)}\n`);
    else {
      for (const { snapshot, problems } of snapshots) {
        for (const problem of problems) process.stdout.write(`${snapshot}: ${problem}\n`);
      }
      for (const { snapshot, files, bytes, problems } of snapshots) {
        const verdict = problems.length === 0 ? 'sound' : plural(problems.length, 'problem');
        process.stderr.write(`${snapshot}: ${plural(files, 'file')}, ${formatBytes(bytes)}, ${verdict}\n`);
      }
      if (count > 0 && !repair) {
        process.stderr.write('hint: --repair removes damaged files, and the next backup copies them again\n');
      }
    }
    return count === 0 ? 0 : 1;
  },
});
