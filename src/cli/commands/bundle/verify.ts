import { silentProgress, terminalProgress } from '#kernel/progress.ts';
import type { Command } from '../../command.ts';
import { formatBytes } from '../../format-bytes.ts';

export const command: Command = {
  summary: 'Check a bundle without importing it',
  settings: [],
  args: [{ name: '<file>', summary: 'A bundle that `wheelhouse prime --bundle` wrote' }],
  options: [{ flags: '--json', summary: 'Print what is in it as JSON.' }],
  examples: ['wheelhouse bundle verify packages.tar'],
  async run({ args, options }) {
    const { verifyBundle } = await import('#packages');
    const isJson = options['json'] === true;
    const { manifest, sha256 } = await verifyBundle(
      String(args[0]),
      isJson ? silentProgress : terminalProgress(),
    );
    const { created, index, pages, files } = manifest;
    const bytes = files.reduce((sum, file) => sum + file.size + (file.sidecar?.size ?? 0), 0);
    if (isJson) {
      const summary = { sha256, created, index, projects: pages.length, files, bytes };
      process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    } else {
      for (const { sha256, filename } of files) process.stdout.write(`${sha256}  ${filename}\n`);
      process.stderr.write(
        `sound: ${files.length} files of ${pages.length} projects of ${index}, ${formatBytes(bytes)}, sha256 ${sha256}\n`,
      );
    }
    return 0;
  },
};
