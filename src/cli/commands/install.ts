import { serverOption } from '../current-client.ts';
import { defineCommand } from '../command.ts';
import { any, dryRunOption, flag, indexOption, jsonOption, text } from '../options.ts';

export const command = defineCommand({
  summary: 'Install packages from an index with pip or uv',
  args: { packages: any('What to install, as pip takes it; with --requirement, requirements files') },
  options: {
    index: indexOption,
    server: serverOption,
    listInstalled: { ...flag('List what is installed, and install nothing.'), short: 'l' },
    editable: { ...text('directory', 'Install this project in editable mode.'), short: 'e' },
    venv: text(
      'directory',
      'Install into this virtual environment; default is the one in use, or the active one.',
    ),
    requirement: { ...flag('Install what requirements files name.'), short: 'r' },
    installer: text('pip|uv', 'What installs; default is pip, and uv where the environment has no pip.'),
    dryRun: dryRunOption,
    json: jsonOption,
  },
  examples: [
    'wheelhouse install demo',
    "wheelhouse install --venv .venv --index alice/dev 'demo>=1' other",
    'wheelhouse install -r requirements.txt',
    'wheelhouse install -l --json',
  ],
  async run({ args: { packages }, options }) {
    const { install } = await import('../install/install.ts');
    return await install(packages, options);
  },
});
