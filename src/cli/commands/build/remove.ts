import { operations } from '#builds/contract';
import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { dryRunOption, required, text } from '../../options.ts';

export const command = defineCommand({
  summary: 'Build no more wheels of a project; those that are there stay',
  args: { project: required('Its name') },
  options: {
    index: text('index', 'The index that has the sdists; default is root/pypi.'),
    dryRun: dryRunOption,
    server: serverOption,
  },
  examples: ['wheelhouse build remove pyyaml'],
  async run({ args: { project }, options: { index: named = 'root/pypi', dryRun, server } }) {
    const [user = '', index = ''] = named.split('/');
    const client = await currentClient(server);
    if (dryRun) {
      process.stderr.write(`would build no more of ${project}\n`);
      return 0;
    }
    const params = { user, index, project };
    const { message } = await client.call(operations.removeBuildProject, { params });
    process.stdout.write(`${message}\n`);
    return 0;
  },
});
