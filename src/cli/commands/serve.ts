import { resolve } from 'node:path';
import type { Config } from '#kernel/config/kernel-settings.ts';
import { defineCommand } from '../command.ts';
import { serve } from '../serve-until-stopped.ts';

export const command = defineCommand({
  summary: 'Run the server',
  settings: [
    'serverdir',
    'files-directory',
    'host',
    'port',
    'database',
    'outside-url',
    'roles',
    'allow-empty-root-password',
    'offline',
  ],
  examples: ['wheelhouse serve', 'wheelhouse serve --serverdir /srv/wheelhouse --port 4040'],
  async run(input) {
    const config = input.config();
    const { isTextLog } = await import('#kernel/log/log.ts');
    await serve(config, (url, log) => {
      if (isTextLog(config)) process.stderr.write(greeting(config, url));
      else log.info({ url, serverdir: config.serverdir }, 'serving');
    });
    return 0;
  },
});

/** What to type next, for people; where programs read the log, they get one line of it. */
function greeting(config: Config, url: string): string {
  const data = config.database === 'sqlite' ? config.serverdir : `${config.serverdir} and PostgreSQL`;
  // In a checkout, which `npm start` serves, the program is not on the path.
  const program = process.argv[1] === resolve('src/start.js') ? './wheelhouse' : 'wheelhouse';
  if (url === '') return `Wheelhouse runs jobs, with its data in ${data}\n`;
  return `Wheelhouse serves on ${url} with its data in ${data}

  Give root a password; the one of a new server is empty:
    ${program} passwd root --server ${url}

  Make a user and an index (pip install devpi-client):
    devpi use ${url}
    devpi user -c alice password=SECRET
    devpi login alice
    devpi index -c dev bases=root/pypi

  Upload and install:
    twine upload --repository-url ${url}/alice/dev/ -u alice dist/*
    pip install --index-url ${url}/alice/dev/+simple/ PROJECT

  Ctrl-C stops the server.
`;
}
