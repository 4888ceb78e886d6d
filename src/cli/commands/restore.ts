import { silentProgress, terminalProgress } from '#kernel/progress.ts';
import { defineCommand } from '../command.ts';
import { formatBytes } from '../format-bytes.ts';
import { flag, jsonOption, required, text } from '../options.ts';
import { plural } from '../plural.ts';

export const command = defineCommand({
  summary: 'Make a server of a backup, in an empty server directory',
  settings: ['serverdir', 'files-directory', 'database'],
  args: { directory: required('The directory that `wheelhouse backup` was given') },
  options: {
    snapshot: text('name', 'Which one; default is the newest.'),
    incomplete: flag('Go on without files that the backup misses.'),
    json: jsonOption,
  },
  examples: [
    'wheelhouse restore /mnt/backup/wheelhouse --serverdir /var/lib/wheelhouse',
    'wheelhouse restore /mnt/backup/wheelhouse --serverdir /var/lib/wheelhouse --snapshot 2026-11-20T03-00-00-120Z',
  ],
  async run({ args: { directory }, options: { snapshot, incomplete, json }, config: readConfig }) {
    const config = readConfig();
    const { restoreBackup } = await import('#kernel/backup/restore-backup.ts');
    const { loadMigrations } = await import('../../wiring.ts');
    const progress = json ? silentProgress : terminalProgress();
    const migrations = await loadMigrations();
    const restored = await restoreBackup(directory, config, { snapshot, incomplete, migrations, progress });
    if (json) process.stdout.write(`${JSON.stringify(restored, null, 2)}\n`);
    else {
      process.stdout.write(restored.problems.map((problem) => `${problem}\n`).join(''));
      process.stderr.write(
        `restored ${restored.snapshot} into ${config.serverdir}: ${plural(restored.files, 'file')}, ${formatBytes(restored.bytes)}\n`,
      );
    }
    return restored.problems.length === 0 ? 0 : 1;
  },
});
