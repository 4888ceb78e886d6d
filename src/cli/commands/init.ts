import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { defineCommand } from '../command.ts';
import { text } from '../options.ts';
import { readPassword } from '../read-password.ts';

export const command = defineCommand({
  summary: 'Make the directory of a new server, with a password for root',
  settings: ['serverdir', 'database', 'files-directory', 'packages.root-pypi'],
  options: {
    rootPassword: text(
      '-',
      'Read the password of root from stdin; else it is asked for where there is a terminal.',
    ),
  },
  examples: [
    'wheelhouse init',
    'wheelhouse init --serverdir /srv/wheelhouse --root-password - < password.txt',
  ],
  async run({ options, config: readConfig }) {
    const config = readConfig();
    const isSet =
      config['accounts.root-password'] !== undefined || config['accounts.root-password-hash'] !== undefined;
    const isAsked = options.rootPassword !== undefined || (!isSet && process.stdin.isTTY);
    const password = isAsked
      ? await readPassword({ question: 'New password of root', given: options.rootPassword, isNew: true })
      : config['accounts.root-password'];
    const { createLog } = await import('#kernel/log/log.ts');
    const { initialize } = await import('../../wiring.ts');
    const isNew = await initialize(
      // The setting that the accounts read when they make root.
      Object.freeze({ ...config, 'accounts.root-password': password }),
      createLog({ ...config, 'log.level': 'warn' }),
    );
    if (!isNew) {
      throw new AppError(kernelErrors.serverdirUnusable, `there is a server in ${config.serverdir} already`, {
        hint: 'serve it with wheelhouse serve, or choose another directory with --serverdir',
      });
    }
    process.stderr.write(`made a new server in ${config.serverdir}\n`);
    if (!isSet && !password?.reveal()) {
      process.stderr.write('root has no password yet: wheelhouse passwd root --local\n');
    }
    return 0;
  },
});
