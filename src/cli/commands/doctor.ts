import type { Command } from '../command.ts';
import { configOf, configOption } from '../settings-input.ts';

export const command: Command = {
  summary: 'Check that every file has its bytes and all bytes belong to a file',
  settings: ['serverdir', 'database'],
  options: [
    configOption,
    { flags: '--no-checksum', summary: 'Compare sizes only; quicker by far.' },
    { flags: '--repair', summary: 'Remove bytes that belong to no file; nothing else can be mended safely.' },
    { flags: '--json', summary: 'Print the problems as JSON.' },
  ],
  examples: ['wheelhouse doctor', 'wheelhouse doctor --no-checksum --json'],
  async run(input) {
    const config = configOf(input);
    const { options } = input;
    const { createLog } = await import('#kernel/log/log.ts');
    const { silentProgress, terminalProgress } = await import('#kernel/progress.ts');
    const { openInstallation } = await import('../../wiring.ts');
    const { checkContents } = await import('#packages');
    const { ORPHAN_GRACE_MS } = await import('#kernel/files/collect-orphans.ts');
    const { context, isOwner, close } = await openInstallation(
      config,
      createLog({ ...config, 'log.level': 'warn' }),
      { mayShare: true, mustExist: true },
    );
    try {
      // While a server runs, fresh bytes may belong to an upload that is not finished.
      const orphansBefore = isOwner ? Infinity : context.clock.now() - ORPHAN_GRACE_MS;
      const progress = options['json'] === true ? silentProgress : terminalProgress();
      const checksum = options['checksum'] !== false;
      const problems = await checkContents(context, progress, { checksum, orphansBefore });
      const left = [];
      for (const problem of problems) {
        const isRepaired =
          options['repair'] === true &&
          problem.code === 'orphan-bytes' &&
          (await context.files.remove(problem.sha256, orphansBefore));
        if (!isRepaired) left.push(problem);
      }
      if (options['json'] === true) process.stdout.write(`${JSON.stringify({ problems: left }, null, 2)}\n`);
      else {
        for (const { code, detail, sha256 } of left)
          process.stdout.write(`${code} ${sha256.slice(0, 16)} ${detail}\n`);
        process.stderr.write(summary(problems.length, left.length));
      }
      return left.length === 0 ? 0 : 1;
    } finally {
      await close();
    }
  },
};

function summary(found: number, left: number): string {
  const repaired = found > left ? `, ${found - left} repaired` : '';
  const hint =
    left === 0 ? '' : 'hint: upload files with missing or wrong bytes again; --repair removes orphans\n';
  return `${left === 0 ? 'no problems' : `${left} problem${left === 1 ? '' : 's'}`}${repaired}\n${hint}`;
}
