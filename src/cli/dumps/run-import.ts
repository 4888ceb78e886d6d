import type { ImportDump, ImportedDump, MoveIn } from '#packages';
import type { FullConfig } from '../../parts.ts';
import { plural } from '../plural.ts';

export type RunImport = ImportOptions &
  (
    | { readonly dump: Omit<ImportDump, 'withoutRootPypi'> }
    | { readonly server: Omit<MoveIn, 'withoutRootPypi'> }
  );

interface ImportOptions {
  /** Checks the dump and changes nothing. */
  readonly dryRun?: boolean;
  /** Reads everything again that was stored, and compares the hashes. */
  readonly verify?: boolean;
  readonly json?: boolean;
}

/**
 * `wheelhouse import`, under each of its names: makes the server directory of the configuration what a dump says, or a server
 * that runs, and prints what came of it. Resolves to the exit code.
 */
export async function runImport(config: FullConfig, input: RunImport): Promise<number> {
  const { dryRun = false, verify = false, json = false } = input;
  const withoutRootPypi = !config['packages.root-pypi'];
  const { silentProgress, terminalProgress } = await import('#kernel/progress.ts');
  const { checkDump, importDump, moveIn } = await import('#packages');
  const progress = json ? silentProgress : terminalProgress();
  if (dryRun && 'dump' in input) {
    const checked = await checkDump({ config }, { ...input.dump, withoutRootPypi }, progress);
    tell(checked, { json, verb: 'nothing is wrong with' });
    return 0;
  }
  const { createLog } = await import('#kernel/log/log.ts');
  const { openInstallation } = await import('../../wiring.ts');
  const log = createLog({ ...config, 'log.level': 'warn' });
  const installation = await openInstallation(config, log, { isImport: true });
  try {
    const { context: opened } = installation;
    const imported =
      'dump' in input
        ? await importDump(opened, { ...input.dump, withoutRootPypi }, progress)
        : await moveIn(opened, { ...input.server, withoutRootPypi }, progress);
    tell(imported, { json, verb: 'imported' });
    if (!verify) return 0;
    progress.step('reading everything again');
    const { checkFiles } = await import('#kernel/files/check-files.ts');
    const { stored, findNeeded, context } = installation;
    let problems = 0;
    for await (const { code, detail } of checkFiles(context.files, stored, findNeeded, progress, {
      checksum: true,
    })) {
      problems += 1;
      process.stdout.write(`${code} ${detail}\n`);
    }
    process.stderr.write(problems === 0 ? 'every file has its hash\n' : `${plural(problems, 'problem')}\n`);
    return problems === 0 ? 0 : 1;
  } finally {
    await installation.close();
  }
}

function tell(
  imported: ImportedDump,
  { json, verb }: { readonly json: boolean; readonly verb: string },
): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(imported, null, 2)}\n`);
    return;
  }
  const { users, indexes, projects, releases, files, documentation, toxResults } = imported;
  const counts = [
    plural(users, 'user'),
    plural(indexes, 'index', 'indexes'),
    plural(projects, 'project'),
    plural(releases, 'release'),
    plural(files, 'file'),
    ...(documentation > 0 ? [plural(documentation, 'documentation zip')] : []),
    ...(toxResults > 0 ? [plural(toxResults, 'test result')] : []),
  ];
  process.stderr.write(`${verb} ${counts.join(', ')}\n`);
  for (const note of imported.notes) process.stderr.write(`note: ${note}\n`);
  if (imported.needPasswords.length > 0) {
    process.stderr.write(
      `need a new password, since the dump has none that can be checked: ${imported.needPasswords.toSorted().join(', ')}\n` +
        'set it with: wheelhouse passwd USER --local\n',
    );
  }
}
