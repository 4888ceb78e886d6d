import { operations } from '#packages/contract';
import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { currentIndex } from '../current-index.ts';
import { dryRunOption, indexOption, required, texts } from '../options.ts';
import { changeYank } from '../releases/change-yank.ts';

export const command = defineCommand({
  summary: 'Let installers choose a yanked release again',
  args: { spec: required("Releases of a project: demo==1.0, 'demo>=1,<2'") },
  options: {
    file: texts('filename', 'Only this file of the releases'),
    index: indexOption,
    server: serverOption,
    dryRun: dryRunOption,
  },
  examples: ['wheelhouse unyank demo==1.0'],
  async run({ args: { spec }, options: { file, index, server, dryRun } }) {
    const target = await currentIndex(index, server);
    return await changeYank(target, {
      spec,
      filenames: file,
      dryRun,
      done: 'unyanked',
      async change({ project, version, filenames }) {
        const params = { user: target.user, index: target.index, project, version };
        const body = filenames === undefined ? {} : { filenames };
        return (await target.client.call(operations.unyank, { params, body })).filenames;
      },
    });
  },
});
