import { operations } from '#builds/contract';
import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { required } from '../../options.ts';

export const command = defineCommand({
  summary: 'Have a builder end when it has done what it builds',
  args: { name: required('Its name, as `wheelhouse builder list` shows it') },
  options: { server: serverOption },
  examples: ['wheelhouse builder drain farm-1'],
  async run({ args: { name }, options: { server } }) {
    const client = await currentClient(server);
    const body = { state: 'draining' } as const;
    const { message } = await client.call(operations.changeBuilder, { params: { name }, body });
    process.stdout.write(`${message}\n`);
    return 0;
  },
});
