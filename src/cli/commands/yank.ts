import { operations } from '#packages/contract';
import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { currentIndex } from '../current-index.ts';
import { dryRunOption, indexOption, required, text, texts } from '../options.ts';
import { changeYank } from '../releases/change-yank.ts';

export const command = defineCommand({
  summary: 'Keep installers from choosing a release, unless it is asked for by its number',
  args: { spec: required("Releases of a project: demo==1.0, 'demo>=1,<2'") },
  options: {
    reason: text('text', 'Why; installers show it.'),
    file: texts('filename', 'Only this file of the releases'),
    index: indexOption,
    server: serverOption,
    dryRun: dryRunOption,
  },
  examples: ["wheelhouse yank demo==1.0 --reason 'loses data'"],
  async run({ args: { spec }, options: { reason = '', file, index, server, dryRun } }) {
    const target = await currentIndex(index, server);
    return await changeYank(target, {
      spec,
      filenames: file,
      dryRun,
      done: 'yanked',
      async change({ project, version, filenames }) {
        const params = { user: target.user, index: target.index, project, version };
        const body = { reason, ...(filenames !== undefined && { filenames }) };
        return (await target.client.call(operations.yank, { params, body })).filenames;
      },
    });
  },
});
