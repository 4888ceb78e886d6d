import { AppError } from '#kernel/errors/app-error.ts';
import { environment } from '#kernel/config/environment.ts';
import { defineCommand } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { flag, optional, text } from '../options.ts';

export const command = defineCommand({
  summary: 'Choose the server and the index that commands are about, and set installers to it',
  args: {
    url: optional('URL of a server or an index, USER/INDEX of the server in use, or INDEX of your own'),
  },
  options: {
    setCfg: flag('Set pip, uv, easy_install, buildout, poetry, pdm and .pypirc to the index.'),
    pipSetTrusted: {
      ...text('yes|no|auto', 'Whether pip is to trust the host; auto, the default, does for http.'),
      short: 't',
    },
    alwaysSetCfg: text('yes|no', 'Do so at every use from now on, or not any more.'),
    venv: text('directory', 'Set the installers of this virtual environment only, from now on; - for none.'),
    local: flag('Keep what is in use in the active virtual environment, for as long as it is active.'),
    urls: flag('Show the addresses of the index.'),
    list: { ...flag('List all indexes of the server.'), short: 'l' },
    user: {
      ...text('user', 'With --list, those of one user; else who is meant, of several logins.'),
      short: 'u',
    },
    delete: flag('Forget what is in use, and take it out of the installers.'),
    dryRun: flag('Say what would be changed, and change nothing.'),
    json: flag('Print JSON.'),
  },
  examples: [
    'wheelhouse use http://localhost:3141/alice/dev',
    'wheelhouse use --set-cfg alice/dev',
    'wheelhouse use -l',
    'wheelhouse use --delete',
  ],
  async run({ args, options }) {
    checkChoice('--pip-set-trusted', options.pipSetTrusted, ['yes', 'no', 'auto']);
    checkChoice('--always-set-cfg', options.alwaysSetCfg, ['yes', 'no']);
    const { sessionPlaces } = await import('../session.ts');
    if (options.local && sessionPlaces().localFile === undefined) {
      throw new AppError(cliErrors.badArgument, '--local is for an active virtual environment, and none is');
    }
    if (options.delete) return await (await import('../use/delete.ts')).deleteCurrent(options);
    if (options.list) return await (await import('../use/list.ts')).listIndexes(args.url, options);
    const fromEnvironment = environment['DEVPI_INDEX'] || undefined;
    if (fromEnvironment !== undefined && !options.json) {
      process.stdout.write(
        args.url === undefined
          ? `Using DEVPI_INDEX from environment: ${fromEnvironment}\n`
          : `Using index URL from command line instead of DEVPI_INDEX (${fromEnvironment}) from environment.\n`,
      );
    }
    const { use } = await import('../use/use.ts');
    return await use({ ...options, url: args.url ?? fromEnvironment, isKept: args.url !== undefined });
  },
});

function checkChoice(name: string, given: string | undefined, choices: readonly string[]): void {
  if (given === undefined || choices.includes(given)) return;
  throw new AppError(cliErrors.badArgument, `${name} must be ${choices.join(' or ')}, not ${given}`);
}
