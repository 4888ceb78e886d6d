import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { flag, required } from '../options.ts';
import { sortedJson } from '../print-json.ts';

export const command = defineCommand({
  summary: 'Print what a server answers at a path, as JSON',
  args: { path: required('Path of the server, such as /alice/dev; below the index in use; or a URL') },
  options: {
    verbose: { ...flag('Print the address and the headers of the answer, too.'), short: 'v' },
    server: serverOption,
  },
  examples: ['wheelhouse getjson /alice/dev', 'wheelhouse getjson /+status'],
  async run({ args: { path }, options: { verbose, server } }) {
    const { addressOf } = await import('../address-of.ts');
    const { client, url } = await addressOf(path, server);
    const { headers, json } = await client.send('GET', url);
    if (verbose) {
      const lines = Object.entries(headers).map(
        ([name, value]) => `${name.toUpperCase()}: ${[value].flat().join(', ')}\n`,
      );
      process.stdout.write(`GET REQUEST sent to ${url.href}\n${lines.toSorted().join('')}\n`);
    }
    process.stdout.write(sortedJson(json ?? {}));
    return 0;
  },
});
