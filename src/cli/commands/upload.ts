import { AppError } from '#kernel/errors/app-error.ts';
import { defineCommand } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { any, dryRunOption, flag, indexOption } from '../options.ts';
import { serverOption } from '../current-client.ts';

export const command = defineCommand({
  summary: 'Upload wheels, sdists and other archives to an index',
  args: { paths: any('Files, and directories with files') },
  options: {
    index: indexOption,
    server: serverOption,
    fromDir: flag('Also take the files below the directories.'),
    onlyLatest: flag('Of every project only the newest version.'),
    dryRun: dryRunOption,
  },
  examples: ['wheelhouse upload dist', 'wheelhouse upload --index alice/dev dist/demo-1.0-py3-none-any.whl'],
  async run({ args: { paths }, options }) {
    if (paths.length === 0) {
      throw new AppError(cliErrors.badArgument, 'building from source is not available in this version', {
        hint: 'build with `python -m build`, then: wheelhouse upload dist',
      });
    }
    const { uploadFiles } = await import('../upload/upload-files.ts');
    return await uploadFiles(paths, options);
  },
});
