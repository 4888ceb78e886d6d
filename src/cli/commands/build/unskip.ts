import { operations } from '#builds/contract';
import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { dryRunOption, required, text } from '../../options.ts';

export const command = defineCommand({
  summary: 'Build again what was skipped; name version and target as it was done',
  args: { project: required('Its name') },
  options: {
    version: text('version', 'Only this version.'),
    target: text('cp313', 'Only for this target.'),
    index: text('index', 'The index that has the sdists; default is root/pypi.'),
    dryRun: dryRunOption,
    server: serverOption,
  },
  examples: ['wheelhouse build unskip numpy --version 1.0 --target cp313'],
  async run({ args: { project }, options: { version, target, index: named = 'root/pypi', dryRun, server } }) {
    const [user = '', index = ''] = named.split('/');
    const client = await currentClient(server);
    if (dryRun) {
      process.stderr.write(`would skip no more builds of ${project}\n`);
      return 0;
    }
    const body = { version, target };
    const params = { user, index, project };
    const { message } = await client.call(operations.unskipBuilds, { params, body });
    process.stdout.write(`${message}\n`);
    return 0;
  },
});
