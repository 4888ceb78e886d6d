import type { ExportDump } from '#packages';
import type { FullConfig } from '../../parts.ts';
import { formatBytes } from '../format-bytes.ts';
import { plural } from '../plural.ts';

export interface RunExport extends ExportDump {
  /** Reads the dump as an import would, every byte of it. */
  readonly verify?: boolean;
  readonly json?: boolean;
}

/**
 * `wheelhouse export`, under each of its names: writes a dump of the server directory of the configuration, which a server
 * may serve meanwhile. Resolves to the exit code.
 */
export async function runExport(config: FullConfig, input: RunExport): Promise<number> {
  const { verify = false, json = false, ...dump } = input;
  const { createLog } = await import('#kernel/log/log.ts');
  const { silentProgress, terminalProgress } = await import('#kernel/progress.ts');
  const { openInstallation } = await import('../../wiring.ts');
  const { checkDump, exportDump } = await import('#packages');
  const log = createLog({ ...config, 'log.level': 'warn' });
  const installation = await openInstallation(config, log, { mayShare: true, mustExist: true });
  const progress = json ? silentProgress : terminalProgress();
  try {
    const { context, database } = installation;
    const exported = await exportDump(context, database, dump, progress);
    if (verify) await checkDump({ config }, { directory: dump.directory }, progress);
    if (json) {
      process.stdout.write(`${JSON.stringify(exported, null, 2)}\n`);
      return 0;
    }
    const { users, indexes, projects, files, bytes } = exported;
    const counts = [
      plural(users, 'user'),
      plural(indexes, 'index', 'indexes'),
      plural(projects, 'project'),
      `${plural(files, 'file')} (${formatBytes(bytes)})`,
    ];
    process.stderr.write(`exported ${counts.join(', ')} to ${dump.directory}\n`);
    process.stderr.write('a dump has the hashes of passwords, and no API tokens, groups or events\n');
    return 0;
  } finally {
    await installation.close();
  }
}
