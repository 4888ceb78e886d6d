import { defineCommand } from '../command.ts';
import { optional, text } from '../options.ts';

export const command = defineCommand({
  summary: 'Write configuration for systemd, nginx, supervisor, launchd, cron and containers',
  settings: ['serverdir', 'files-directory', 'host', 'port', 'outside-url'],
  args: { directory: optional('Where the files go; default is gen-config') },
  options: {
    user: text('user', 'User, and group, that the server runs as; default is wheelhouse.'),
    certificates: text(
      'directory',
      'Where nginx finds server.key and ssl-unified.crt, if the outside URL is https://; default is /srv/ssl/devpi.',
    ),
  },
  examples: [
    'wheelhouse gen-config',
    'wheelhouse gen-config --serverdir /srv/wheelhouse --port 4040 --outside-url https://packages.example.com /tmp/files',
  ],
  async run({ args, options, config }) {
    const { wheelhouseFiles } = await import('../gen-config/wheelhouse-files.ts');
    const { writeFiles } = await import('../gen-config/write-files.ts');
    const { directory = 'gen-config' } = args;
    const { user = 'wheelhouse', certificates = '/srv/ssl/devpi' } = options;
    await writeFiles(directory, wheelhouseFiles(config(), { directory, user, certificates }));
    return 0;
  },
});
