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
    'replica-of',
    'replica-files',
  ],
  examples: ['wheelhouse serve', 'wheelhouse serve --serverdir /srv/wheelhouse --port 4040'],
  async run(input) {
    const config = input.config();
    const { isTextLog } = await import('#kernel/log/log.ts');
    await serve(config, ({ url, log, setupKey }) => {
      if (isTextLog(config)) process.stderr.write(greeting(config, url, setupKey));
      else
        log.info(
          { url, serverdir: config.serverdir, ...(setupKey !== undefined && { setupKey }) },
          'serving',
        );
    });
    return 0;
  },
});

/** What to type next, for people; where programs read the log, they get one line of it. */
function greeting(config: Config, url: string, setupKey: string | undefined): string {
  const data = config.database === 'sqlite' ? config.serverdir : `${config.serverdir} and PostgreSQL`;
  // In a checkout, which `npm start` serves, the program is not on the path.
  const program = process.argv[1] === resolve('src/start.js') ? './wheelhouse' : 'wheelhouse';
  if (url === '') return `Wheelhouse runs jobs, with its data in ${data}\n`;
  return `Wheelhouse serves on ${url} with its data in ${data}
${setupKey === undefined ? '' : firstSteps(url, program, setupKey)}
  Upload and install:
    twine upload --repository-url ${url}/alice/dev/ -u alice dist/*
    pip install --index-url ${url}/alice/dev/+simple/ PROJECT

  Ctrl-C stops the server.
`;
}

/** While root has no password, which whoever comes first could set. */
function firstSteps(url: string, program: string, setupKey: string): string {
  return `
  Set it up in a browser; from another machine it asks for the key ${setupKey}:
    ${url}/+setup

  Or in a terminal: give root a password, then make a user and an index:
    ${program} passwd root --server ${url}
    devpi use ${url}
    devpi user -c alice password=SECRET
    devpi login alice
    devpi index -c dev bases=root/pypi
`;
}
