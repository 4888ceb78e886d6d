import { access, constants } from 'node:fs/promises';
import { AppError } from '#kernel/errors/app-error.ts';
import { defineCommand } from '../../command.ts';
import { plural } from '../../plural.ts';
import { cliErrors } from '../../errors.ts';
import { formatBytes } from '../../format-bytes.ts';
import { flag, required, text } from '../../options.ts';

export const command = defineCommand({
  summary: 'Put the files of a bundle into a mirror of a server that does not run',
  settings: ['serverdir', 'files-directory', 'database'],
  args: { file: required('A bundle that `wheelhouse prime --bundle` wrote') },
  options: {
    index: text('index', 'The mirror, as USER/NAME; default is root/pypi.'),
    sha256: text('digest', 'What the bundle must be, as `prime` printed it.'),
    json: flag('Print what was imported as JSON.'),
  },
  examples: [
    'wheelhouse bundle import packages.tar --serverdir /srv/wheelhouse',
    'wheelhouse bundle import packages.tar --index root/pypi --sha256 4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865',
  ],
  async run({ args, options, config: readConfig }) {
    const { index: fullName = 'root/pypi', sha256, json } = options;
    const [user = '', index = '', ...more] = fullName.split('/');
    if (user === '' || index === '' || more.length > 0) {
      throw new AppError(cliErrors.badArgument, `${fullName} is no index`, {
        hint: 'name it as USER/NAME, such as root/pypi',
      });
    }
    const path = args.file;
    await access(path, constants.R_OK).catch((cause: unknown) => {
      throw new AppError(cliErrors.badInputFile, `cannot read ${path}`, { cause });
    });
    const config = readConfig();
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
      const imported = await importBundle(
        context,
        {
          path,
          user,
          index,
          ...(sha256 !== undefined && { sha256: sha256.toLowerCase() }),
        },
        json ? silentProgress : terminalProgress(),
      );
      if (json) process.stdout.write(`${JSON.stringify(imported, null, 2)}\n`);
      else {
        process.stderr.write(
          `imported ${plural(imported.files, 'file')} of ${plural(imported.projects, 'project')}, ${formatBytes(imported.bytes)}, into ${imported.index}\n`,
        );
      }
      return 0;
    } finally {
      await installation.close();
    }
  },
});
