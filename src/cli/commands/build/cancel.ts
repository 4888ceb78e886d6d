import { operations } from '#builds/contract';
import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { required } from '../../options.ts';

export const command = defineCommand({
  summary: 'End a build that runs; it is not begun again before somebody asks',
  args: { build: required('Its number') },
  options: { server: serverOption },
  examples: ['wheelhouse build cancel 17'],
  async run({ args: { build: id }, options: { server } }) {
    const client = await currentClient(server);
    const { message } = await client.call(operations.cancelBuild, { params: { id } });
    process.stdout.write(`${message}\n`);
    return 0;
  },
});
