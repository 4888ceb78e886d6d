import { defineCommand } from '../command.ts';
import { flag, required } from '../options.ts';

export const command = defineCommand({
  summary: 'Write everything that a server has into a directory, in the form of devpi-export',
  settings: ['serverdir', 'files-directory', 'database'],
  args: { directory: required('Where the dump goes: empty, or not there yet') },
  options: {
    includeMirroredFiles: flag('Also what mirrors have fetched.'),
    hardLinks: flag('Give files a second name instead of copying them; they are read-only from then on.'),
    verify: flag('Read the dump again afterwards, and compare the hashes.'),
    json: flag('Print what was exported as JSON.'),
  },
  examples: [
    'wheelhouse export /srv/dump --serverdir /srv/wheelhouse',
    'wheelhouse export /srv/dump --hard-links --verify',
  ],
  async run({ args, options, config }) {
    const { runExport } = await import('../dumps/run-export.ts');
    return await runExport(config(), { directory: args.directory, ...options });
  },
});
