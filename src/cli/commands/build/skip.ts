import { operations } from '#builds/contract';
import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { dryRunOption, required, text } from '../../options.ts';

export const command = defineCommand({
  summary: 'Build no wheels of a project, of a version, or for a target',
  args: { project: required('Its name') },
  options: {
    version: text('version', 'Only this version.'),
    target: text('cp313', 'Only for this target.'),
    reason: text('text', 'What people are told.'),
    index: text('index', 'The index that has the sdists; default is root/pypi.'),
    dryRun: dryRunOption,
    server: serverOption,
  },
  examples: ["wheelhouse build skip numpy --version 1.0 --target cp313 --reason 'needs distutils'"],
  async run({
    args: { project },
    options: { version, target, reason = '', index: named = 'root/pypi', dryRun, server },
  }) {
    const [user = '', index = ''] = named.split('/');
    const client = await currentClient(server);
    if (dryRun) {
      process.stderr.write(`would skip builds of ${project}\n`);
      return 0;
    }
    const body = { version, target, reason };
    const params = { user, index, project };
    const { message } = await client.call(operations.skipBuilds, { params, body });
    process.stdout.write(`${message}\n`);
    return 0;
  },
});
