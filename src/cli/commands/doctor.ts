import { defineCommand } from '../command.ts';
import { plural } from '../plural.ts';
import { formatBytes } from '../format-bytes.ts';
import { flag, negation } from '../options.ts';

export const command = defineCommand({
  summary: 'Check the database, and that every file has its bytes',
  settings: ['serverdir', 'files-directory', 'database'],
  options: {
    checksum: negation('Compare sizes only; quicker by far.'),
    repair: flag('Remove bytes that no file needs now; nothing else can be mended safely.'),
    json: flag('Print the problems as JSON.'),
  },
  examples: ['wheelhouse doctor', 'wheelhouse doctor --no-checksum --json'],
  async run({ options: { checksum, repair, json }, config: readConfig }) {
    const config = readConfig();
    const { createLog } = await import('#kernel/log/log.ts');
    const { silentProgress, terminalProgress } = await import('#kernel/progress.ts');
    const { checkDatabase } = await import('#kernel/db/check-database.ts');
    const { checkFiles } = await import('#kernel/files/check-files.ts');
    const { collectOrphans } = await import('#kernel/files/collect-orphans.ts');
    const { countOrphans, ORPHAN_GRACE_MS } = await import('#kernel/files/find-orphans.ts');
    const { openInstallation } = await import('../../wiring.ts');
    const log = createLog({ ...config, 'log.level': 'warn' });
    const installation = await openInstallation(config, log, { mayShare: true, mustExist: true });
    const { context, database, findNeeded } = installation;
    const { files } = context;
    const progress = json ? silentProgress : terminalProgress();
    try {
      progress.step('checking the database');
      await checkDatabase(database);
      progress.step('checking stored files');
      let count = 0;
      // Kept for the one document only: a store that was lost has a problem for every file.
      const problems = [];
      for await (const problem of checkFiles(files, installation.stored, findNeeded, progress, {
        checksum,
      })) {
        count += 1;
        const { code, sha256, detail } = problem;
        if (json) problems.push(problem);
        else process.stdout.write(`${code} ${sha256.slice(0, 16)} ${detail}\n`);
      }
      progress.step('looking for bytes without a row');
      // Where another process may serve, fresh bytes may belong to an upload that is not finished.
      const isAlone = installation.isOwner && database.dialect === 'sqlite';
      const storedBefore = isAlone ? Infinity : context.clock.now() - ORPHAN_GRACE_MS;
      const removed = repair ? await collectOrphans(files, findNeeded, storedBefore) : { files: 0, bytes: 0 };
      const orphans = await countOrphans(files, findNeeded, storedBefore);
      if (json) process.stdout.write(`${JSON.stringify({ problems, orphans, removed }, null, 2)}\n`);
      else process.stderr.write(summary(count, orphans, removed));
      return count === 0 ? 0 : 1;
    } finally {
      await installation.close();
    }
  },
});

interface Bytes {
  readonly files: number;
  readonly bytes: number;
}

function summary(problems: number, orphans: Bytes, removed: Bytes): string {
  const describe = ({ files, bytes }: Bytes) =>
    `${plural(files, 'file')} without a row, ${formatBytes(bytes)}`;
  return [
    problems === 0 ? 'no problems' : plural(problems, 'problem'),
    ...(removed.files > 0 ? [`removed ${describe(removed)}`] : []),
    ...(orphans.files > 0 ? [`${describe(orphans)}: the server removes them within two hours`] : []),
    ...(problems === 0 ? [] : ['hint: upload files with missing or wrong bytes again']),
  ]
    .join('\n')
    .concat('\n');
}
