import { operations } from '#builds/contract';
import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { required } from '../../options.ts';

export const command = defineCommand({
  summary: 'Give a paused builder builds again',
  args: { name: required('Its name, as `wheelhouse builder list` shows it') },
  options: { server: serverOption },
  examples: ['wheelhouse builder resume farm-1'],
  async run({ args: { name }, options: { server } }) {
    const client = await currentClient(server);
    const body = { state: 'active' } as const;
    const { message } = await client.call(operations.changeBuilder, { params: { name }, body });
    process.stdout.write(`${message}\n`);
    return 0;
  },
});
