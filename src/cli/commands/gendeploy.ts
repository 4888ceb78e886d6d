import { defineCommand } from '../command.ts';
import { required, text } from '../options.ts';

export const command = defineCommand({
  summary: 'Make a self-contained deployment: supervisor, nginx, cron, and a server directory',
  args: { directory: required('Directory of the deployment; a virtual environment that is there is used') },
  options: {
    port: text('port', 'Port that its server listens on.'),
    host: text('host', 'Address that its server listens on; default is localhost.'),
    outsideUrl: text('url', 'The URL under which clients reach it: with https:// nginx gets TLS.'),
    certificates: text(
      'directory',
      'Where nginx finds server.key and ssl-unified.crt; default is /srv/ssl/devpi.',
    ),
  },
  examples: [
    'wheelhouse gendeploy TARGETDIR --port 4040',
    'wheelhouse gendeploy /srv/devpi --port 4040 --outside-url https://devpi.example.com',
  ],
  async run({ args, options }) {
    const { generateFromOptions } = await import('../deployment/from-options.ts');
    await generateFromOptions({ ...options, gendeploy: args.directory }, { isDevpi: false });
    return 0;
  },
});
