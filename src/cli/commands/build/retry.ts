import { operations } from '#builds/contract';
import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { required } from '../../options.ts';
import { findBuildNamed } from '../../builder/find-build-named.ts';

export const command = defineCommand({
  summary: 'Have a build that failed done again',
  args: { build: required('Its number, or a project, for the newest one of that') },
  options: { server: serverOption },
  examples: ['wheelhouse build retry 17'],
  async run({ args: { build: named }, options: { server } }) {
    const client = await currentClient(server);
    const id = await findBuildNamed(client, named);
    const { message } = await client.call(operations.retryBuild, { params: { id } });
    process.stdout.write(`${message}\n`);
    return 0;
  },
});
