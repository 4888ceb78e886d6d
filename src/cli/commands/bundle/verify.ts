import { silentProgress, terminalProgress } from '#kernel/progress.ts';
import { defineCommand } from '../../command.ts';
import { plural } from '../../plural.ts';
import { formatBytes } from '../../format-bytes.ts';
import { flag, required } from '../../options.ts';

export const command = defineCommand({
  summary: 'Check a bundle without importing it',
  args: { file: required('A bundle that `wheelhouse prime --bundle` wrote') },
  options: { json: flag('Print what is in it as JSON.') },
  examples: ['wheelhouse bundle verify packages.tar'],
  async run({ args, options }) {
    const { verifyBundle } = await import('#packages');
    const { manifest, sha256 } = await verifyBundle(
      args.file,
      options.json ? silentProgress : terminalProgress(),
    );
    const { created, index, pages, files } = manifest;
    const bytes = files.reduce((sum, file) => sum + file.size + (file.sidecar?.size ?? 0), 0);
    if (options.json) {
      const summary = { sha256, created, index, projects: pages.length, files, bytes };
      process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    } else {
      for (const { sha256, filename } of files) process.stdout.write(`${sha256}  ${filename}\n`);
      process.stderr.write(
        `sound: ${plural(files.length, 'file')} of ${plural(pages.length, 'project')} of ${index}, ${formatBytes(bytes)}, sha256 ${sha256}\n`,
      );
    }
    return 0;
  },
});
