import { access, constants } from 'node:fs/promises';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import type { Command } from '../../command.ts';
import { formatBytes } from '../../format-bytes.ts';
import { configOf, configOption } from '../../settings-input.ts';

export const command: Command = {
  summary: 'Put the files of a bundle into a mirror of a server that does not run',
  settings: ['serverdir', 'files-directory', 'database'],
  args: [{ name: '<file>', summary: 'A bundle that `wheelhouse prime --bundle` wrote' }],
  options: [
    configOption,
    { flags: '--index <index>', summary: 'The mirror, as USER/NAME; default is root/pypi.' },
    { flags: '--sha256 <digest>', summary: 'What the bundle must be, as `prime` printed it.' },
    { flags: '--json', summary: 'Print what was imported as JSON.' },
  ],
  examples: [
    'wheelhouse bundle import packages.tar --serverdir /srv/wheelhouse',
    'wheelhouse bundle import packages.tar --index root/pypi --sha256 4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865',
  ],
  async run(input) {
    const { args, options } = input;
    const [user = '', index = '', ...more] = String(options['index'] ?? 'root/pypi').split('/');
    if (user === '' || index === '' || more.length > 0) {
      throw new AppError(kernelErrors.badRequest, `${String(options['index'])} is no index`, {
        hint: 'name it as USER/NAME, such as root/pypi',
      });
    }
    const path = String(args[0]);
    await access(path, constants.R_OK).catch((cause: unknown) => {
      throw new AppError(kernelErrors.badInputFile, `cannot read ${path}`, { cause });
    });
    const config = configOf(input);
    const { createLog } = await import('#kernel/log/log.ts');
    const { silentProgress, terminalProgress } = await import('#kernel/progress.ts');
    const { openInstallation } = await import('../../../wiring.ts');
    const { checkDatabase } = await import('#kernel/db/check-database.ts');
    const { importBundle } = await import('#packages');
    const installation = await openInstallation(config, createLog({ ...config, 'log.level': 'warn' }));
    try {
      const { context } = installation;
      // What a bundle that is refused leaves behind is removed, and only a sound database knows what that is.
      await checkDatabase(installation.database);
      if (installation.isNew) process.stderr.write(`made a new server in ${config.serverdir}\n`);
      const isJson = options['json'] === true;
      const sha256 = options['sha256'];
      const imported = await importBundle(
        context,
        {
          path: String(args[0]),
          user,
          index,
          ...(typeof sha256 === 'string' && { sha256: sha256.toLowerCase() }),
        },
        isJson ? silentProgress : terminalProgress(),
      );
      if (isJson) process.stdout.write(`${JSON.stringify(imported, null, 2)}\n`);
      else {
        process.stderr.write(
          `imported ${imported.files} files of ${imported.projects} projects, ${formatBytes(imported.bytes)}, into ${imported.index}\n`,
        );
      }
      return 0;
    } finally {
      await installation.close();
    }
  },
};
