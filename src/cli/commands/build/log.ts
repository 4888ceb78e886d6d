import { setTimeout as sleep } from 'node:timers/promises';
import { operations } from '#builds/contract';
import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { flag, required } from '../../options.ts';
import { findBuildNamed } from '../../builder/find-build-named.ts';

const LOOK_MS = 1000;

export const command = defineCommand({
  summary: 'Print the log of a build, and with --follow what comes while it runs',
  args: { build: required('Its number, or a project, for the newest one of that') },
  options: { follow: { ...flag('Print on until the build ends.'), short: 'f' }, server: serverOption },
  examples: ['wheelhouse build log 17', 'wheelhouse build log pyyaml --follow'],
  async run({ args: { build: named }, options: { follow, server } }) {
    const client = await currentClient(server);
    const id = await findBuildNamed(client, named);
    let offset = 0;
    for (;;) {
      const { state } = await client.call(operations.readBuild, { params: { id } });
      const chunks: Uint8Array[] = [];
      const url = `${client.url}/+builds/${id}/log?offset=${offset}`;
      await client.download(url, (chunk) => void chunks.push(chunk));
      const text = Buffer.concat(chunks).toString('utf8');
      offset += text.length;
      process.stdout.write(text);
      if (!follow || state !== 'running') return 0;
      await sleep(LOOK_MS);
    }
  },
});
