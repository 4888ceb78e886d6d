import { defineCommand } from '../command.ts';
import { plural } from '../plural.ts';
import { formatBytes } from '../format-bytes.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import { flag, negation, text } from '../options.ts';
import { printable } from '../printable.ts';

const UPLOAD_MIB = 100;

export const command = defineCommand({
  summary: 'Check the database, and that every file has its bytes',
  settings: ['serverdir', 'files-directory', 'database', 'ca-file'],
  options: {
    url: text('url', 'Look at a server from outside instead, as its clients see it.'),
    upload: text(
      'mebibytes',
      `With --url: the largest body that must come through; default is ${UPLOAD_MIB}.`,
    ),
    checksum: negation('Compare sizes only; quicker by far.'),
    repair: flag('Remove bytes that no file needs now; nothing else can be mended safely.'),
    json: flag('Print the problems as JSON.'),
  },
  examples: [
    'wheelhouse doctor',
    'wheelhouse doctor --no-checksum --json',
    'wheelhouse doctor --url https://packages.example.com/python --upload 500',
  ],
  async run({ options: { url, upload, checksum, repair, json }, config: readConfig }) {
    const config = readConfig();
    if (url !== undefined) return await lookAt(url, { config, upload, json });
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

interface LookOptions {
  readonly config: { readonly 'ca-file': string | undefined };
  readonly upload: string | undefined;
  readonly json: boolean;
}

async function lookAt(url: string, { config, upload, json }: LookOptions): Promise<number> {
  const uploadMebibytes = Number(upload ?? UPLOAD_MIB);
  if (!Number.isSafeInteger(uploadMebibytes) || uploadMebibytes < 1) {
    throw new AppError(cliErrors.badArgument, `--upload ${printable(upload ?? '')} is no number from 1 on`);
  }
  const { trustAuthorities } = await import('#kernel/http/trust.ts');
  const { readServerUrl } = await import('../client/server-url.ts');
  const { lookFromOutside } = await import('../doctor/look-from-outside.ts');
  trustAuthorities(config['ca-file']);
  const findings = await lookFromOutside(readServerUrl(url), {
    uploadMebibytes,
    onFinding({ check, status, detail, hint }) {
      if (json) return;
      process.stdout.write(`${status.padEnd(8)} ${check.padEnd(12)} ${printable(detail)}\n`);
      if (hint !== undefined) process.stdout.write(`${' '.repeat(22)}hint: ${hint}\n`);
    },
  });
  if (json) process.stdout.write(`${JSON.stringify({ findings }, null, 2)}\n`);
  return findings.some(({ status }) => status === 'problem') ? 1 : 0;
}

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
    ...(orphans.files > 0
      ? [
          `left by deletions, or on their way: ${describe(orphans)}; a server that runs removes them within two hours`,
        ]
      : []),
    ...(problems === 0 ? [] : ['hint: upload files with missing or wrong bytes again']),
  ]
    .join('\n')
    .concat('\n');
}
